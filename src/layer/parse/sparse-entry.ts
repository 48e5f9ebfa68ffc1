// SPDX-License-Identifier: MIT
import type { Limits } from "../../oci/limits.ts";
import { checkName, type SparseRecords } from "./apply-records.ts";
import type { BlockInput } from "./block-input.ts";
import { BLOCK, GNU } from "../format/header-layout.ts";
import { checkLimit, LayerFault } from "../format/layer-fault.ts";
import { parseCount, readCount } from "../format/numeric-field.ts";
import { isGnuHeader, readTypeFlag, type EntryDraft } from "./header-block.ts";
import {
  checkSparseMap,
  createSparseMapReader,
  parseSparseMap,
  readBlockExtents,
  readHeaderExtents,
  type SparseMap,
} from "./sparse-map.ts";
import { truncated, waitForBlock, type Step } from "./parse-step.ts";

/**
 * Passes over the entry's header `block`, and over what GNU's sparse formats (old, 0.0, 0.1, 1.0) put between
 * it and the content. For a sparse file the draft gets its real name and size, and the map of the stored
 * extents is returned. Undefined for anything else.
 * @throws LayerFault
 */
export function* readSparse(
  input: BlockInput,
  block: Uint8Array,
  draft: EntryDraft,
  records: SparseRecords | undefined,
  limits: Limits,
): Step<SparseMap | undefined> {
  const isOld = readTypeFlag(block) === "S";
  if (isOld && (records !== undefined || !isGnuHeader(block))) {
    throw new LayerFault("invalid-layer", "type S: expected a header of GNU tar's old format");
  }
  const stored = draft.size;
  if (isOld) {
    const map = yield* readOldMap(input, block, draft, limits);
    checkSparseMap(map, draft.size, stored);
    return map;
  }
  input.skipBlock();
  if (records === undefined) return undefined;
  if (draft.type !== "file") {
    throw new LayerFault("invalid-layer", `sparse map: expected a file, got a ${draft.type}`);
  }
  const start = input.offset;
  const map = yield* readPaxMap(input, draft, records, limits);
  checkSparseMap(map, draft.size, stored - (input.offset - start));
  return map;
}

function* readOldMap(
  input: BlockInput,
  header: Uint8Array,
  draft: EntryDraft,
  limits: Limits,
): Step<SparseMap> {
  const map: number[] = [];
  draft.size = readCount(header, GNU.realSize);
  let more = readHeaderExtents(header, map);
  input.skipBlock();
  while (more) {
    const block = yield* nextBlock(input);
    more = readBlockExtents(block, map);
    checkLimit(map.length / 2, limits.sparseExtents, "extents of a sparse file", "sparseExtents");
    input.skipBlock();
  }
  return map;
}

function* readPaxMap(
  input: BlockInput,
  draft: EntryDraft,
  records: SparseRecords,
  limits: Limits,
): Step<SparseMap> {
  const version = `${records.get("major") ?? 0}.${records.get("minor") ?? "?"}`;
  const inContent = version === "1.0";
  if (!inContent && !version.startsWith("0.")) {
    throw new LayerFault(
      "invalid-layer",
      `sparse format: expected 0.0, 0.1 or 1.0, got ${JSON.stringify(version)}`,
    );
  }
  const name = records.get("name");
  if (name !== undefined) draft.path = checkName(name, "GNU.sparse.name");
  const size = records.get("realsize") ?? records.get("size");
  const text = records.get("map");
  if (size === undefined || (text === undefined) !== inContent) {
    throw new LayerFault("invalid-layer", `sparse format ${version}: expected a size and one map`);
  }
  const stored = draft.size;
  draft.size = parseCount(size, "GNU.sparse.size");
  return text === undefined
    ? yield* readMapInContent(input, stored, limits)
    : parseSparseMap(text, limits.sparseExtents);
}

function* readMapInContent(input: BlockInput, stored: number, limits: Limits): Step<SparseMap> {
  const reader = createSparseMapReader(limits.sparseExtents);
  for (let left = stored; ; left -= BLOCK) {
    if (left < BLOCK) throw new LayerFault("invalid-layer", "sparse map: longer than the entry");
    const isComplete = reader.read(yield* nextBlock(input));
    input.skipBlock();
    if (isComplete) return reader.map;
  }
}

function* nextBlock(input: BlockInput): Step<Uint8Array> {
  const block = input.peekBlock() ?? (yield* waitForBlock(input));
  if (block === undefined) throw truncated("the map of a sparse file");
  return block;
}
