// SPDX-License-Identifier: MIT

/** The lines of an image's environment (`NAME=value`) by their names, in order; of one name the last counts. */
export function readEnvironment(lines: readonly string[]): Map<string, string> {
  const environment = new Map<string, string>();
  for (const line of lines) {
    const equals = line.indexOf("=");
    environment.set(equals < 0 ? line : line.slice(0, equals), line);
  }
  return environment;
}
