// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import { BlockInput } from "./block-input.ts";
import type { LayerHandler } from "./layer-handler.ts";
import { LayerFault, locateFault } from "../format/layer-fault.ts";
import { parseLayer, type Parsing } from "./layer-grammar.ts";

/** A layer's parser: bytes pushed in, events out, nothing asynchronous. */
export interface LayerParser {
  /** Takes the next bytes, any number. The chunk may be reused afterwards. */
  feed(chunk: Uint8Array): void;
  /** Says that there are no more bytes. Idempotent. @throws OciError `truncated` when an entry is not complete */
  end(): void;
}

export interface LayerParserOptions {
  readonly limits?: Partial<Limits> | undefined;
  /** Names the layer in messages; "layer" if not given. */
  readonly what?: string | undefined;
}

/**
 * A parser for one layer's uncompressed tar. It reads v7, ustar, GNU and PAX headers, in any mixture,
 * and refuses what readers would understand differently. Chunks of content are views of what was fed.
 * Bytes after the end of the archive are taken and ignored: who counts or hashes must see them too.
 * After an error the parser is of no more use: it throws the same error again.
 * @throws OciError from `feed` and `end`: `invalid-layer`, `truncated`, `limit-exceeded`; each says the
 * ordinal, path and offset of the entry
 */
export function createLayerParser(
  handler: LayerHandler,
  options: LayerParserOptions = {},
): LayerParser {
  const input = new BlockInput();
  const parsing: Parsing = {
    input,
    handler,
    limits: withLimits(options.limits),
    globals: new Map(),
    ordinal: 0,
    offset: 0,
    path: undefined,
    holes: 0,
    isSizeIgnored: false,
  };
  const steps = parseLayer(parsing);
  const proceed = stopAtFirstError(() => {
    try {
      steps.next();
    } catch (error) {
      if (!(error instanceof LayerFault)) throw error;
      throw locateFault(error, { what: options.what ?? "layer", ...parsing });
    }
  });
  return {
    feed(chunk) {
      if (input.ended) throw new OciError("invalid-argument", "layer parser: fed after its end");
      input.give(plainBytes(chunk));
      proceed();
    },
    end() {
      const isFirst = !input.ended;
      input.ended = true;
      proceed();
      if (isFirst) handler.end?.();
    },
  };
}

/** Makes every call after a failed one fail with the same error. */
function stopAtFirstError(call: () => void): () => void {
  let failure: { readonly error: unknown } | undefined;
  return () => {
    if (failure !== undefined) throw failure.error;
    try {
      call();
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
}

/** A subclass (Node's Buffer) makes every view several times slower. */
function plainBytes(chunk: Uint8Array): Uint8Array {
  return chunk.constructor === Uint8Array
    ? chunk
    : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
}
