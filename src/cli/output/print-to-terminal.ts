// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import type { Output } from "../context.ts";
import { printFileText } from "./print.ts";

/**
 * Prints the text of a file on a terminal as it comes, with control characters escaped, except tabs and line breaks.
 * @param what names the file in messages
 * @throws OciError `invalid-argument` as soon as the file turns out to be no text; what reading throws
 */
export async function printToTerminal(output: Output, bytes: Bytes, what: string): Promise<void> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      const text = decoder.decode(chunk, { stream: chunk !== undefined });
      if (!text.includes("\0")) return text;
    } catch {
      // Not UTF-8.
    }
    throw new OciError(
      "invalid-argument",
      `${what}: expected text for a terminal, got a binary file`,
      {
        hint: "Send it to a file or a program: … > FILE",
      },
    );
  };
  let last = "\n";
  for await (const chunk of bytes) {
    const text = decode(chunk);
    last = text.at(-1) ?? last;
    printFileText(output, text);
  }
  decode();
  if (last !== "\n") printFileText(output, "\n");
}
