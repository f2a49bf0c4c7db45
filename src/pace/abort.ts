import { Failure } from "../errors.ts";

/** Throws `cancelled` (or the `Failure` that the signal carries) once the caller has asked to stop. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw stopped(signal);
}

export function stopped(signal: AbortSignal): Failure {
  const reason: unknown = signal.reason;
  return reason instanceof Failure ? reason : new Failure("cancelled", "stopped", { cause: reason });
}
