// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { once } from "../bytes.ts";
import type { Bytes } from "../bytes.ts";
import { explainCodecError } from "../codec-error.ts";
import type { UnzstdOptions } from "../codecs.ts";
import { readAll } from "../streams/read-all.ts";
import { codecZstd } from "./wasm-engine.ts";
import type { ZstdEngine } from "./zstd-engine.ts";
import { readFrames } from "./zstd-frames.ts";
import { nativeZstd } from "./native-engine.ts";

// Everything that compresses or decompresses zstd goes through here.

/** An engine to use instead of the best one that works on this Node. */
interface EngineChoice {
  readonly engine?: ZstdEngine | undefined;
}

/**
 * Decompresses all frames of a zstd stream (RFC 8878) and leaves out the skippable ones. The bytes do not
 * depend on the engine.
 * @throws OciError while reading: `truncated`, `invalid-compression`, `limit-exceeded` for a window larger
 *   than accepted, `unsupported-compression` for one that the engine can't hold, and for a dictionary
 */
export async function* unzstd(
  bytes: Bytes,
  options: UnzstdOptions & EngineChoice,
): Bytes & AsyncGenerator<Uint8Array> {
  const engine = options.engine ?? (await chooseZstd());
  const { maxWindow, what } = options;
  const { largestWindow } = engine;
  try {
    const frames = readFrames(bytes, { maxWindow, largestWindow, what });
    yield* engine.decode(frames, Math.min(maxWindow, largestWindow));
  } catch (error) {
    throw explainCodecError(error, "zstd", what);
  }
}

/**
 * Compresses to one zstd frame. The bytes depend on the level and on the engine.
 * @throws OciError while reading: `unsupported-compression` for a level that is too high for the engine
 */
export async function* zstd(
  bytes: Bytes,
  level: number,
  options: EngineChoice = {},
): Bytes & AsyncGenerator<Uint8Array> {
  const engine = options.engine ?? (await chooseZstd());
  if (level > engine.highestLevel) {
    throw new OciError(
      "unsupported-compression",
      `zstd: expected a level of at most ${engine.highestLevel} on this version of Node, got ${level}`,
      { hint: "Node 22.15 and later reach level 19." },
    );
  }
  try {
    yield* engine.encode(bytes, level);
  } catch (error) {
    throw explainCodecError(error, "zstd", "compression");
  }
}

let chosen: Promise<ZstdEngine> | undefined;

/** The best engine on this Node: its own one where it passes the proof, else zstd-codec. The proof runs once. */
export function chooseZstd(): Promise<ZstdEngine> {
  chosen ??= proven(nativeZstd()).then((native) => native ?? codecZstd());
  return chosen;
}

/** How many layers may be compressed with {@link zstd} at the same time without taking much memory. */
export async function zstdAtOnce(): Promise<number> {
  return (await chooseZstd()).encodersAtOnce;
}

const PROOF_FRAMES = 50;
const PROOF_WINDOW = 2 ** 23;
const PROOF_OPTIONS = { maxWindow: PROOF_WINDOW, largestWindow: PROOF_WINDOW, what: "proof" };

/**
 * The engine, if it correctly decodes what engines have got wrong: a skippable frame, then many small frames.
 * The bytes are compared, since wrong engines dropped bytes without an error.
 */
async function proven(engine: ZstdEngine | undefined): Promise<ZstdEngine | undefined> {
  if (engine === undefined) return undefined;
  const text = new TextEncoder().encode(
    "many small frames, each a repetition of itself. ".repeat(8),
  );
  try {
    const decoded = await readAll(
      engine.decode(readFrames(proof(engine, text), PROOF_OPTIONS), PROOF_WINDOW),
      text.length * PROOF_FRAMES,
      "proof",
    );
    return isRepetition(decoded, text) ? engine : undefined;
  } catch {
    return undefined;
  }
}

async function* proof(engine: ZstdEngine, text: Uint8Array): AsyncGenerator<Uint8Array> {
  const frame = await readAll(engine.encode(once(text), 3), 1024, "proof");
  const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4);
  const stream = new Uint8Array(skippable.length + frame.length * PROOF_FRAMES);
  stream.set(skippable);
  for (let index = 0; index < PROOF_FRAMES; index += 1) {
    stream.set(frame, skippable.length + index * frame.length);
  }
  yield stream;
}

function isRepetition(bytes: Uint8Array, of: Uint8Array): boolean {
  return (
    bytes.length === of.length * PROOF_FRAMES &&
    bytes.every((byte, at) => byte === of[at % of.length])
  );
}
