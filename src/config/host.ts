/** Whether nothing leaves this machine on the way to a host, named as in a URL: an IPv6 address stands in brackets. */
export function isLoopbackHost(host: string): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost|.+\.localhost)$/i.test(host);
}
