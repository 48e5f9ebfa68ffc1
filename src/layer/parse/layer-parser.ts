// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import { BlockInput } from "./block-input.ts";
import type { LayerHandler } from "./layer-handler.ts";
import { LayerFault, locateFault } from "../format/layer-fault.ts";
import { parseLayer, type Parsing } from "./layer-grammar.ts";

/** A parser of one layer: bytes are pushed in, events come out, and nothing is asynchronous. */
export interface LayerParser {
  /** Parses the next bytes, any number of them. The chunk may be reused afterwards. */
  feed(chunk: Uint8Array): void;
  /** Says that there are no more bytes. Idempotent. @throws OciError `truncated` when the last entry is not complete */
  end(): void;
}

export interface LayerParserOptions {
  readonly limits?: Partial<Limits> | undefined;
  /** What the layer is called in messages. Default: "layer". */
  readonly what?: string | undefined;
}

/**
 * Creates a parser for the uncompressed tar of one layer. It reads v7, ustar, GNU and PAX headers in any
 * mixture, and refuses what readers would understand differently. Chunks of content are views of the bytes
 * that were fed. Bytes after the end of the archive may be fed and are ignored, so that callers can count and
 * hash the whole stream. After an error every call throws the same error again.
 * @throws OciError from `feed` and `end`: `invalid-layer`, `truncated`, `limit-exceeded`; each with the
 *   ordinal, path and offset of the entry
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

/** Views of a subclass (Node's Buffer) are several times slower to make. */
function plainBytes(chunk: Uint8Array): Uint8Array {
  return chunk.constructor === Uint8Array
    ? chunk
    : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
}
