// SPDX-License-Identifier: MIT
import type { WriteStream } from "node:tty";
import { stdoutError } from "../../files/system-error.ts";
import type { Output } from "../context.ts";

/**
 * A stream of this process for text. That it takes no more is told when it is flushed, and is no
 * failure of the process before: a pipe breaks (`oci-kit … | head`), a disk fills up.
 */
export function processOutput(stream: WriteStream): Output {
  let failure: unknown;
  let last = Promise.resolve();
  stream.on("error", (error) => {
    failure ??= error;
  });
  return {
    write(text) {
      last = new Promise((resolve) => stream.write(text, () => resolve()));
    },
    async flushed() {
      await last;
      if (failure !== undefined) throw stdoutError(failure);
    },
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns;
    },
  };
}
