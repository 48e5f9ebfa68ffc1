// SPDX-License-Identifier: MIT

/** A port as image configurations write it: `8080` becomes `8080/tcp`. Undefined for malformed text. */
export function normalisePort(text: string): string | undefined {
  const [, port, protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  const isPort = port !== undefined && Number(port) > 0 && Number(port) < 65_536;
  return isPort ? `${port}/${protocol}` : undefined;
}
