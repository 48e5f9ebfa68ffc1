// SPDX-License-Identifier: MIT

/** A port as an image's configuration names it: `8080` is `8080/tcp`. Undefined for what is none. */
export function normalisePort(text: string): string | undefined {
  const [, port, protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  const isPort = port !== undefined && Number(port) > 0 && Number(port) < 65_536;
  return isPort ? `${port}/${protocol}` : undefined;
}
