// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { parseTypedPlatform } from "../../oci/known-platforms.ts";
import { addToIndex, createIndex, type AddedToIndex } from "../../publish/edit/add-to-index.ts";
import { annotateIndex, type IndexNotes } from "../../publish/edit/annotate-index.ts";
import type { EntryChoice } from "../../publish/edit/index-entries.ts";
import { removeFromIndex } from "../../publish/edit/remove-from-index.ts";
import { repairIndex } from "../../publish/edit/repair-index.ts";
import type { EditIndexOptions } from "../../publish/edit/tagged-index.ts";
import type { Outcome, Session } from "../command.ts";
import { findConfiguredFor, parseConfigured } from "../input/configured.ts";
import { gateOptions } from "../input/gate-options.ts";
import { namedValues } from "../input/values/named-values.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { showCopy } from "../progress/show-copy.ts";
import { editedIndexOutcome } from "./manifest-edit-text.ts";

export type EditFlags = Omit<ReferenceFlags, "platform">;

export interface CreateFlags extends EditFlags {
  readonly from: readonly string[];
  readonly annotation?: readonly string[];
}

/** The flags of `manifest annotate`; `manifest remove` has the first of them. */
export interface AnnotateFlags extends EditFlags {
  readonly platform?: readonly string[];
  readonly annotation?: readonly string[];
  readonly unsetAnnotation?: readonly string[];
  readonly osVersion?: string;
  readonly osFeature?: readonly string[];
  readonly variant?: string;
}

export interface RepairFlags extends EditFlags {
  readonly arch?: string;
  readonly force?: readonly string[];
}

/** Runs `oci-kit manifest create`. */
export async function create(
  target: string,
  flags: CreateFlags,
  session: Session,
): Promise<Outcome> {
  const options = await optionsOf(flags, session);
  const from = await Promise.all(flags.from.map((ref) => parseConfigured(ref, session.context)));
  const location = await parseConfigured(target, session.context);
  const annotations = namedValues("--annotation", flags.annotation);
  return added(await createIndex(location, from, { ...options, annotations }), options);
}

/** Runs `oci-kit manifest add`. */
export async function add(
  index: string,
  references: readonly string[],
  flags: EditFlags,
  session: Session,
): Promise<Outcome> {
  const options = await optionsOf(flags, session);
  const from = await Promise.all(references.map((ref) => parseConfigured(ref, session.context)));
  const location = await parseConfigured(index, session.context);
  return added(await addToIndex(location, from, options), options);
}

/** Runs `oci-kit manifest remove`. */
export async function remove(
  index: string,
  digests: readonly string[],
  flags: AnnotateFlags,
  session: Session,
): Promise<Outcome> {
  const choices = choicesOf(digests, flags, session);
  if (choices.length === 0) throw nothingMeant("remove", "entries to remove");
  const options = await optionsOf(flags, session);
  const location = await parseConfigured(index, session.context);
  return editedIndexOutcome(await removeFromIndex(location, choices, options), options);
}

/** Runs `oci-kit manifest annotate`. */
export async function annotate(
  index: string,
  digest: string | undefined,
  flags: AnnotateFlags,
  session: Session,
): Promise<Outcome> {
  const [choice, second] = choicesOf(digest === undefined ? [] : [digest], flags, session);
  if (second !== undefined) {
    throw new OciError("invalid-argument", "manifest annotate: expected one entry, got two", {
      hint: "Name it by --platform or by its digest, once.",
    });
  }
  const notes = notesOf(flags);
  const options = await optionsOf(flags, session);
  const location = await parseConfigured(index, session.context);
  return editedIndexOutcome(await annotateIndex(location, choice, notes, options), options);
}

/** Runs `oci-kit manifest repair`. */
export async function repair(
  index: string,
  flags: RepairFlags,
  session: Session,
): Promise<Outcome> {
  const options = await optionsOf(flags, session);
  const location = await parseConfigured(index, session.context);
  const held = await findConfiguredFor(location, session.context);
  const { overridden, ...edited } = await repairIndex(location, {
    ...options,
    architectures: flags.arch?.split(",") ?? held?.architectures,
    ...(await gateOptions(flags.force, held, session.context)),
  });
  const outcome = editedIndexOutcome(edited, options);
  return {
    ...outcome,
    document: { ...outcome.document, overridden },
    lines: [
      ...outcome.lines,
      ...overridden.map(({ gate, message }) => `overridden by --force ${gate}: ${message}`),
    ],
  };
}

async function optionsOf(
  { json, dryRun, replace }: EditFlags,
  session: Session,
): Promise<EditIndexOptions & { readonly dryRun: boolean }> {
  const flags = { ...(json && { json }), ...(dryRun && { dryRun }), ...(replace && { replace }) };
  const options = await referenceOptions(flags, session);
  return { ...options, onProgress: showCopy(session.progress) };
}

function added(edited: AddedToIndex, options: { readonly dryRun: boolean }): Outcome {
  const outcome = editedIndexOutcome(edited, options);
  const left = edited.leftOut.map(({ name, reason }) => `left out ${name}: ${reason}`);
  return { ...outcome, notices: [...(outcome.notices ?? []), ...left] };
}

function choicesOf(
  digests: readonly string[],
  { platform = [] }: AnnotateFlags,
  { warn }: Session,
): readonly EntryChoice[] {
  return [
    ...digests.map((digest) => ({ digest })),
    ...platform.map((text) => ({ platform: parseTypedPlatform(text, warn) })),
  ];
}

function notesOf(flags: AnnotateFlags): IndexNotes {
  const removed = (flags.unsetAnnotation ?? []).map((name) => [name, ""] as const);
  const annotations = {
    ...namedValues("--annotation", flags.annotation),
    ...Object.fromEntries(removed),
  };
  const platform = {
    ...(flags.osVersion !== undefined && { "os.version": flags.osVersion }),
    ...(flags.osFeature !== undefined && { "os.features": flags.osFeature.filter(Boolean) }),
    ...(flags.variant !== undefined && { variant: flags.variant }),
  };
  const isPlatform = Object.keys(platform).length > 0;
  if (Object.keys(annotations).length === 0 && !isPlatform) {
    throw nothingMeant("annotate", "a flag that changes something");
  }
  return { annotations, ...(isPlatform && { platform }) };
}

function nothingMeant(command: string, expected: string): OciError {
  return new OciError("invalid-argument", `manifest ${command}: expected ${expected}, got none`, {
    hint: `oci-kit manifest ${command} --help says what there is`,
  });
}
