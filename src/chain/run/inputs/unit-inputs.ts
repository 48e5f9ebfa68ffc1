// SPDX-License-Identifier: MIT
import { join, resolve } from "node:path";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import { digestBytes } from "../../../bytes/hash.ts";
import type { Digest } from "../../../oci/digest.ts";
import { isOciError, OciError } from "../../../oci/errors.ts";
import type { Builder } from "../../buildkit/builders/builder.ts";
import type { NamedContext } from "../../buildkit/request/build-request.ts";
import { openFileMemory } from "../../context/content/file-memory.ts";
import { hashContext, type HashedContext } from "../../context/content/hash-context.ts";
import { openKeptLists } from "../../context/content/kept-lists.ts";
import { readDockerfileBytes } from "../../context/ignore/open-ignore-file.ts";
import {
  findReferences,
  type InputKey,
  inputKeyOf,
  recordInputs,
  type StageInputs,
} from "../../context/key/input-key.ts";
import type { InputRecord } from "../../context/key/input-record.ts";
import type { StageUnit, UnitBuild } from "../../graph/stage-graph.ts";
import type { OutsideImages } from "./outside-images.ts";

/** What a build of a unit is made of now. */
export interface UnitInputs {
  readonly record: InputRecord;
  readonly key: InputKey;
  /** The main context: its size, and what is odd in it. */
  readonly context: HashedContext;
  /** The named contexts for the builder: what it is built FROM, by digests. */
  readonly contexts: Readonly<Record<string, NamedContext>>;
  /** With the name of the parent's context; without mirrors. */
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** An image that a unit is made from: its digest, and how a builder gets it. */
export interface PinnedInput {
  readonly digest: Digest;
  readonly context: NamedContext;
}

/** The name under which a Dockerfile sees what it is built FROM. Always the same, so that no place is part of a result. */
export const PARENT_CONTEXT = "oci-kit-parent";

/** Reads inputs. Contexts and outside images are read once, however many units have them. */
export interface InputReader {
  /**
   * @param pinned by the name of the input: `parent`, or that of a named context
   * @throws OciError `gate-refused` for saved images in the context; `not-found`, `unreadable`, `invalid-argument`;
   *   what pinning an image from outside throws
   */
  read(
    unit: StageUnit,
    builder: Builder,
    pinned: Readonly<Record<string, PinnedInput>>,
  ): Promise<UnitInputs>;
  /**
   * Reads what can change during a build again: the context and the Dockerfile.
   * @throws OciError `changed-meanwhile` when they are not what they were
   */
  checkUnchanged(unit: StageUnit, inputs: UnitInputs): Promise<void>;
}

export interface InputReaderOptions extends AbortOptions {
  /** The project. */
  readonly directory: string;
  /** The cache directory: digests of files, lists of contexts. */
  readonly cache: string;
  readonly outside: OutsideImages;
}

export function openInputReader(options: InputReaderOptions): InputReader {
  const lists = openKeptLists(join(options.cache, "context-lists"));
  const hashed = new Map<string, Promise<HashedContext>>();
  const hash = async (build: UnitBuild): Promise<HashedContext> => {
    const context = resolve(options.directory, build.context);
    const dockerfile = resolve(options.directory, build.dockerfile);
    const memory = await openFileMemory(context, join(options.cache, "context-files"));
    const made = await hashContext(context, { dockerfile, memory, signal: options.signal });
    await lists.keep(made.list);
    return made;
  };
  const hashOnce = (build: UnitBuild): Promise<HashedContext> => {
    const key = `${build.context}\0${build.dockerfile}`;
    const known = hashed.get(key) ?? hash(build);
    hashed.set(key, known);
    return known;
  };
  return {
    async read(unit, builder, pinned) {
      const build = buildOf(unit);
      const context = await hashOnce(build);
      const named = await contextsOf(unit, pinned, options.outside);
      const inputs = stageInputs(unit, build, builder, options.directory, context, named);
      const { resolved, contexts } = await pinReferences(inputs, options.outside);
      const record = recordInputs({ ...inputs, resolved });
      return {
        record,
        key: inputKeyOf(record),
        context,
        contexts: { ...named.contexts, ...contexts },
        buildArgs: inputs.buildArgs ?? {},
      };
    },
    async checkUnchanged(unit, { context, record }) {
      const build = buildOf(unit);
      const now = await hash(build);
      const dockerfile = readDockerfileBytes(resolve(options.directory, build.dockerfile));
      if (now.list.digest === context.list.digest && digestBytes(dockerfile) === record.dockerfile)
        return;
      throw new OciError(
        "changed-meanwhile",
        `${unit.id}: expected the same files before and after the build, got others`,
        {
          details: { unit: unit.id },
          hint: "Nobody knows which of them are in the image, so it is not kept. Build it again.",
        },
      );
    },
  };
}

function buildOf({ id, build }: StageUnit): UnitBuild {
  if (build !== undefined) return build;
  throw new RangeError(`${id} is not made by BuildKit`);
}

interface Named {
  readonly contexts: Readonly<Record<string, NamedContext>>;
  readonly digests: Readonly<Record<string, Digest>>;
  /** The value of the parent's build argument. */
  readonly parent: string | undefined;
}

async function contextsOf(
  { inputs, from }: StageUnit,
  pinned: Readonly<Record<string, PinnedInput>>,
  outside: OutsideImages,
): Promise<Named> {
  const contexts: Record<string, NamedContext> = {};
  const digests: Record<string, Digest> = {};
  const add = (name: string, { context, digest }: PinnedInput): void => {
    contexts[name] = context;
    digests[name] = digest;
  };
  for (const { name } of inputs) add(name === "parent" ? PARENT_CONTEXT : name, pinned[name]!);
  if (from !== undefined && from !== "scratch") add(PARENT_CONTEXT, await outside.pin(from));
  const parent = Object.hasOwn(contexts, PARENT_CONTEXT) ? PARENT_CONTEXT : from;
  return { contexts, digests, parent };
}

function stageInputs(
  unit: StageUnit,
  build: UnitBuild,
  builder: Builder,
  directory: string,
  context: HashedContext,
  { digests, parent }: Named,
): StageInputs {
  return {
    dockerfile: readDockerfileBytes(resolve(directory, build.dockerfile)),
    target: build.target,
    platform: unit.platform,
    builder: builder.identity,
    buildArgs: { ...build.args, ...(parent !== undefined && { [build.parentArg]: parent }) },
    context: context.list.digest,
    contexts: digests,
    secrets: Object.keys(build.secrets),
    ssh: build.ssh,
  };
}

/** The images that the Dockerfile itself names, pinned as far as they can be: what can't be is told by the key. */
async function pinReferences(
  inputs: StageInputs,
  outside: OutsideImages,
): Promise<{ resolved: Record<string, Digest>; contexts: Record<string, NamedContext> }> {
  const resolved: Record<string, Digest> = {};
  const contexts: Record<string, NamedContext> = {};
  for (const { reference } of findReferences(inputs)) {
    try {
      const { digest, context } = await outside.pin(fullName(reference));
      resolved[reference] = digest;
      if (!isFrontend(reference)) contexts[reference] = context;
    } catch (error) {
      if (!isOciError(error) || error.code === "aborted") throw error;
    }
  }
  return { resolved, contexts };
}

/** A Dockerfile's `debian:13` is Docker Hub's. */
function fullName(reference: string): string {
  const [first = "", ...rest] = reference.split("/");
  if (rest.length === 0) return `docker.io/library/${reference}`;
  return /[.:]/.test(first) || first === "localhost" ? reference : `docker.io/${reference}`;
}

/** BuildKit gets the frontend before there are named contexts. */
function isFrontend(reference: string): boolean {
  return /^(?:docker\.io\/)?docker\/dockerfile/.test(reference);
}
