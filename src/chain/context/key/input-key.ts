// SPDX-License-Identifier: MIT
import { digestBytes } from "../../../bytes/hash.ts";
import { isDigest, type Digest } from "../../../oci/digest.ts";
import { formatPlatform, normalisePlatform, type Platform } from "../../../oci/platform.ts";
import {
  readDockerfile,
  type DockerfileFacts,
  type OutsideSource,
} from "../dockerfile/read-dockerfile.ts";
import { digestOfRecord, FORMAT, type InputRecord, type Uncovered } from "./input-record.ts";

/** What a stage is built of. */
export interface StageInputs {
  readonly dockerfile: Uint8Array;
  readonly target?: string | undefined;
  readonly platform: Platform;
  /** What builds: the program and its version, or the digest of its image. */
  readonly builder: string;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** The digest of the context's list: see `hashContext`. */
  readonly context: Digest;
  /** The digests of named contexts: of a directory's list, of a layout's image. */
  readonly contexts?: Readonly<Record<string, Digest>> | undefined;
  /** The digests that references of the Dockerfile were resolved to. */
  readonly resolved?: Readonly<Record<string, Digest>> | undefined;
  /** The names of secrets. Their values are never asked for. */
  readonly secrets?: readonly string[] | undefined;
  readonly ssh?: readonly string[] | undefined;
}

/**
 * What stands for all inputs of a stage. Only a key of the kind "covered" has a digest: what was built with a secret,
 * or of something that has no digest, must not be taken for what would be built now.
 */
export type InputKey =
  | { readonly kind: "covered"; readonly digest: Digest }
  | { readonly kind: "uncovered"; readonly reasons: readonly Uncovered[] };

const FRONTENDS = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/;
/** BuildKit reads these itself, so they count although no Dockerfile declares them. */
const OWN_ARGS = /^(?:BUILDKIT_\w+|SOURCE_DATE_EPOCH)$/;

/** The names of the images that a stage's Dockerfile takes from outside and that have no digest in it: to be resolved. */
export function findReferences(inputs: StageInputs): readonly OutsideSource[] {
  const facts = readFacts(inputs);
  return outsideOf(facts).filter(
    ({ reference }) => pinOf(reference) === undefined && contextOf(reference, inputs) === undefined,
  );
}

/**
 * The record of a stage's inputs. Where they lie, and in which order they are given, does not count, nor does a build
 * argument that the Dockerfile does not declare: it can't change what is built. What a `RUN` fetches is not known.
 * @throws OciError `invalid-argument` when the Dockerfile has no such target
 */
export function recordInputs(inputs: StageInputs): InputRecord {
  const { buildArgs = {}, resolved = {}, contexts = {}, platform } = inputs;
  const facts = readFacts(inputs);
  const isForeign = facts.syntax !== undefined && !FRONTENDS.test(facts.syntax);
  const counts = (name: string): boolean =>
    isForeign || facts.args.has(name) || OWN_ARGS.test(name);
  const uncovered: Uncovered[] = [
    ...(inputs.secrets ?? []).map((name) => ({ kind: "secret", name }) as const),
    ...(inputs.ssh ?? []).map((name) => ({ kind: "ssh", name }) as const),
    ...facts.downloads.map(({ reference, line }) => uncoveredBy("download", reference, line)),
  ];
  if (isForeign) uncovered.push({ kind: "foreign-frontend", name: facts.syntax });
  const parents: Record<string, Digest | null> = {};
  for (const { reference, line } of outsideOf(facts)) {
    if (contextOf(reference, inputs) !== undefined) continue;
    const known = Object.hasOwn(resolved, reference) ? resolved[reference] : undefined;
    const isNew = !Object.hasOwn(parents, reference);
    parents[reference] = pinOf(reference) ?? known ?? null;
    if (isNew && parents[reference] === null) {
      uncovered.push(uncoveredBy("unpinned-image", reference, line));
    }
  }
  return {
    format: FORMAT,
    dockerfile: digestBytes(inputs.dockerfile),
    target: inputs.target ?? "",
    platform: formatPlatform(normalisePlatform(platform)),
    builder: inputs.builder,
    buildArgs: Object.fromEntries(Object.entries(buildArgs).filter(([name]) => counts(name))),
    parents,
    context: inputs.context,
    contexts,
    uncovered,
  };
}

/** The key of a record. */
export function inputKeyOf(record: InputRecord): InputKey {
  return record.uncovered.length > 0
    ? { kind: "uncovered", reasons: record.uncovered }
    : { kind: "covered", digest: digestOfRecord(record) };
}

function readFacts({ dockerfile, target, buildArgs, platform }: StageInputs): DockerfileFacts {
  const { os, architecture, variant = "" } = normalisePlatform(platform);
  const platformArgs = {
    TARGETPLATFORM: formatPlatform(normalisePlatform(platform)),
    TARGETOS: os,
    TARGETARCH: architecture,
    TARGETVARIANT: variant,
  };
  return readDockerfile(new TextDecoder().decode(dockerfile), { target, buildArgs, platformArgs });
}

function uncoveredBy(kind: Uncovered["kind"], name: string, line: number): Uncovered {
  return { kind, name, line };
}

/** The images of the stages, and the frontend's. */
function outsideOf({ images, syntax }: DockerfileFacts): readonly OutsideSource[] {
  return syntax === undefined ? images : [...images, { reference: syntax, line: 1 }];
}

/** The digest at the end of a pinned reference. */
function pinOf(reference: string): Digest | undefined {
  const digest = reference.slice(reference.lastIndexOf("@") + 1);
  return reference.includes("@") && isDigest(digest) ? digest : undefined;
}

/** A named context takes the place of an image with its name. */
function contextOf(reference: string, { contexts = {} }: StageInputs): Digest | undefined {
  const name = reference.replace(/:latest$/, "");
  return Object.hasOwn(contexts, name) ? contexts[name] : undefined;
}
