// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import type { BuildSecret } from "../request/build-request.ts";

/** In characters. Shorter parts of a secret would hide ordinary words, and protect nothing. */
const SHORTEST = 4;
const HIDDEN = "***";

/**
 * Makes a function that takes the values of secrets out of a text, for what a step prints by mistake. A value of
 * several lines is hidden line by line. No protection against a step that means to tell: encoded it passes.
 * @throws the system's error for a file that can't be read
 */
export function hideSecrets(
  secrets: readonly BuildSecret[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): (text: string) => string {
  const parts = secrets
    .map((secret) =>
      "file" in secret ? readFileSync(secret.file, "utf8") : (env[secret.env] ?? ""),
    )
    .flatMap((value) => value.split(/\r?\n/).map((line) => line.trim()))
    .filter((part) => part.length >= SHORTEST)
    // A part may be in another one: the longer goes first.
    .sort((a, b) => b.length - a.length);
  const known = [...new Set(parts)];
  return (text) => known.reduce((left, part) => left.replaceAll(part, HIDDEN), text);
}
