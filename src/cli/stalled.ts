// SPDX-License-Identifier: MIT

/**
 * Fails when the process has nothing left to wait for. Then no promise settles any more, and Node would end the
 * process with status 0 and without a word, as if all were done.
 * @param process emits `beforeExit`
 */
export function stalled(process: {
  once(event: "beforeExit", listener: () => void): unknown;
}): Promise<never> {
  return new Promise((_, reject) => {
    process.once("beforeExit", () => {
      const message = "the command waits for what can't come any more: nothing is known to be done";
      reject(new Error(`${message}. This is a fault of oci-kit`));
    });
  });
}
