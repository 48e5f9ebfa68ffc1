// SPDX-License-Identifier: MIT
import type { WriteStream } from "node:tty";
import { stdoutError } from "../../files/system-error.ts";
import type { Output } from "../context.ts";

/**
 * Wraps stdout or stderr of this process. When the stream stops accepting text, because a pipe closes
 * (`oci-kit … | head`) or a disk is full, only `flushed` reports it: writes never throw.
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
