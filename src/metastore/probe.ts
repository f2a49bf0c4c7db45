/** Whether a metastore serves at a port of this machine. */
import { connect } from "node:net";

/** `getStatus`, which every service of this kind has, as an unframed call of Thrift's binary protocol. */
const call = Buffer.from("800100010000000967657453746174757300000001" + "00", "hex");
const answerMsMax = 5_000;

export function serves(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write(call));
    const end = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(answerMsMax, () => end(false));
    // A reply, in the strict form.
    socket.once("data", (answer: Buffer) => end(answer.length >= 4 && answer.readUInt32BE(0) === 0x80010002));
    socket.once("error", () => end(false));
    socket.once("end", () => end(false));
  });
}
