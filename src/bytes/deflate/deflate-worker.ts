// SPDX-License-Identifier: MIT
import type { WorkerContext } from "../start-worker.ts";
import type { DeflateBlock, DeflatedBlock } from "./deflate-block.ts";
import type { DeflateExports } from "./deflate-module.ts";

/** The `data` of the worker. */
export interface DeflateWorkerData {
  readonly module: WebAssembly.Module;
  readonly window: number;
}

/**
 * The worker's code: answers each {@link DeflateBlock} with a {@link DeflatedBlock}, in order. As `deflateHere`
 * compresses; but the code is sent as text, so it can use nothing outside of itself.
 */
export function runDeflateWorker({ port, data }: WorkerContext): void {
  const { module, window } = data as DeflateWorkerData;
  const compressor = new WebAssembly.Instance(module).exports as DeflateExports;
  const inner = new Uint8Array(compressor.memory.buffer);
  const [input, output] = [compressor.input.value, compressor.output.value];
  port.on("message", ({ memory, before, length, isLast, level }: DeflateBlock) => {
    const block = new Uint8Array(memory);
    inner.set(block.subarray(window - before, window + length), input - before);
    const size = compressor.deflate(before, length, isLast, level);
    block.set(inner.subarray(output, output + size));
    const reply: DeflatedBlock = { memory, size };
    port.postMessage(reply, [memory]);
  });
}
