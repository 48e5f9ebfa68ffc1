// SPDX-License-Identifier: MIT
import type { Digest } from "../../oci/digest.ts";
import { escapeText } from "../../bytes/byte-string.ts";
import { readInputs } from "../../publish/records/origin.ts";
import type { ChainImage, PresentImage } from "../images/chain-image.ts";
import type { ImageSource } from "../images/image-source.ts";
import type { StageUnit } from "../graph/stage-graph.ts";

/** A saved layout beside what is published under its unit's tag. */
export type LayoutState =
  | { readonly state: "same"; readonly digest: Digest }
  /** Made or saved before what is published now: it must not go over it. */
  | {
      readonly state: "older";
      readonly digest: Digest;
      readonly published: Digest;
      readonly reason: string;
    }
  /** Made after what is published: it is not pushed yet. */
  | {
      readonly state: "newer";
      readonly digest: Digest;
      readonly published: Digest;
      readonly reason: string;
    }
  /** Another image, and nothing says which came first. */
  | { readonly state: "differs"; readonly digest: Digest; readonly published: Digest }
  | { readonly state: "unpublished"; readonly digest: Digest }
  | { readonly state: "unknown"; readonly reason: string };

/** A unit's layout, and how it stands to what is published. */
export interface ComparedLayout {
  readonly unit: StageUnit;
  readonly layout: string;
  readonly outcome: LayoutState;
}

/** Compares a unit's layout with what is published. Undefined when it has no layout, or none is there. */
export async function compareLayout(
  unit: StageUnit,
  layouts: ImageSource,
  published: ImageSource,
  runIdKey: string,
): Promise<ComparedLayout | undefined> {
  if (unit.layout === undefined) return undefined;
  const saved = await layouts.image(unit);
  if (saved.state === "absent") return undefined;
  const { layout } = unit;
  if (saved.state === "unreadable") {
    return { unit, layout, outcome: { state: "unknown", reason: saved.reason } };
  }
  const there = await published.image(unit);
  const runOf = async (source: ImageSource, image: PresentImage): Promise<string | undefined> => {
    const run = await source.record(unit, image, runIdKey);
    return run.state === "recorded" ? run.value : undefined;
  };
  return { unit, layout, outcome: await outcomeOf(saved, there, runOf, layouts, published) };
}

async function outcomeOf(
  saved: PresentImage,
  there: ChainImage,
  runOf: (source: ImageSource, image: PresentImage) => Promise<string | undefined>,
  layouts: ImageSource,
  published: ImageSource,
): Promise<LayoutState> {
  const { digest } = saved;
  if (there.state === "absent") return { state: "unpublished", digest };
  if (there.state === "unreadable") return { state: "unknown", reason: there.reason };
  if (there.digest === digest || there.images.some((image) => image.digest === digest)) {
    return { state: "same", digest };
  }
  const differing = { digest, published: there.digest };
  if (saved.savedFrom?.endsWith(`@${digest}`) === true) {
    return {
      state: "older",
      ...differing,
      reason: `it was saved from ${saved.savedFrom}, which is no longer published`,
    };
  }
  const byInputs = compareInputs(saved, there);
  if (byInputs !== undefined) return { ...differing, ...byInputs };
  const mine = timeIn(await runOf(layouts, saved));
  const theirs = timeIn(await runOf(published, there));
  if (mine === undefined || theirs === undefined || mine === theirs)
    return { state: "differs", ...differing };
  const reason = `run ${mine} made it, run ${theirs} what is published`;
  return { state: mine < theirs ? "older" : "newer", ...differing, reason };
}

/** The time in a run id of the family (`YYYYmmdd-HHMMSS-…`), which sorts as text. */
function timeIn(runId: string | undefined): string | undefined {
  return /^(\d{8}-\d{6})-/.exec(runId ?? "")?.[1];
}

/**
 * Which of two assembled images was made of older inputs, by the times that those record; undefined where no input
 * differs or tells its time. One older input is enough: newer ones do not make up for it.
 */
function compareInputs(
  saved: PresentImage,
  there: PresentImage,
): { readonly state: "older" | "newer"; readonly reason: string } | undefined {
  const theirs = readInputs(there.annotations);
  let found: ReturnType<typeof compareInputs>;
  for (const [name, input] of readInputs(saved.annotations)) {
    const other = theirs.get(name);
    if (other === undefined || other.digest === input.digest) continue;
    const [own, published] = [Date.parse(input.created ?? ""), Date.parse(other.created ?? "")];
    if (!Number.isFinite(own) || !Number.isFinite(published) || own === published) continue;
    const reason = `its input ${escapeText(name)} is of ${escapeText(input.created!)}, and of ${escapeText(other.created!)} in what is published`;
    if (own < published) return { state: "older", reason };
    found ??= { state: "newer", reason };
  }
  return found;
}
