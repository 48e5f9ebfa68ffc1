// SPDX-License-Identifier: MIT
import { digestBytes } from "../../bytes/hash.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";

/** What a layer holds. */
export type LayerGroup =
  /** One component. */
  | { readonly kind: "component"; readonly name: string }
  /** The small components of one source. */
  | { readonly kind: "source"; readonly name: string }
  /** Many small components: those whose names, or their sources', hash to `number`, from 1 to `of`. */
  | { readonly kind: "shared"; readonly number: number; readonly of: number }
  /** What changed in several groups at one time. */
  | { readonly kind: "differences" };

const LONGEST_NAME = 160;
const SHARED = /^shared:(\d{1,3})\/(\d{1,3})$/;
const OWN = /^(component|source):(.+)$/s;

/** The group of a component that has a layer for itself. A very long name is shortened, and still tells it apart. */
export function componentGroup(name: string): LayerGroup {
  return { kind: "component", name: shorten(name) };
}

/** The group of what is small of a source. */
export function sourceGroup(name: string): LayerGroup {
  return { kind: "source", name: shorten(name) };
}

function shorten(name: string): string {
  if (name.length <= LONGEST_NAME) return name;
  return `${name.slice(0, LONGEST_NAME - 20)}~${hashOf(name).slice(0, 16)}`;
}

/** The group of a component that shares a layer: by a name alone, whatever else there is. */
export function sharedGroup(name: string, of: number): LayerGroup {
  return { kind: "shared", number: (parseInt(hashOf(name).slice(0, 8), 16) % of) + 1, of };
}

function hashOf(name: string): string {
  const digest = digestBytes(new TextEncoder().encode(name));
  return digest.slice(digest.indexOf(":") + 1);
}

/** The group as the annotation of its layer holds it. Two groups are the same if this is. */
export function formatGroup(group: LayerGroup): string {
  switch (group.kind) {
    case "component":
    case "source":
      return `${group.kind}:${group.name}`;
    case "shared":
      return `shared:${group.number}/${group.of}`;
    case "differences":
      return group.kind;
  }
}

/** Whether a layer of this group holds what has nothing to do with each other. */
export function isShared({ kind }: LayerGroup): boolean {
  return kind === "shared" || kind === "differences";
}

/** Whether layers of these groups were made for not more than so many layers, all in the same way. */
export function isGroupedFor(most: number, groups: readonly LayerGroup[]): boolean {
  const shared = groups.flatMap((group) => (group.kind === "shared" ? [group.of] : []));
  if (new Set(shared).size > 1 || shared.some((of) => of >= most)) return false;
  const alone = groups.filter((group) => !isShared(group)).map(formatGroup);
  return new Set(alone).size + (shared[0] ?? 0) < most;
}

/** The group for people. */
export function groupName(group: LayerGroup): string {
  switch (group.kind) {
    case "component":
      return group.name;
    case "source":
      return `packages of ${group.name}`;
    case "shared":
      return `small components, part ${group.number} of ${group.of}`;
    case "differences":
      return "differences";
  }
}

/** The group that a layer's annotation names; undefined where there is none, or one that is not understood. */
export function groupOf({ annotations }: Descriptor): LayerGroup | undefined {
  const text = annotations?.[AnnotationKey.layerGroup];
  if (text === undefined || text.length > LONGEST_NAME + "component:".length) return undefined;
  if (text === "differences") return { kind: "differences" };
  const [, kind, name = ""] = OWN.exec(text) ?? [];
  if (kind === "component" || kind === "source") return { kind, name };
  const [, number = 0, of = 0] = (SHARED.exec(text) ?? []).map(Number);
  return number >= 1 && number <= of ? { kind: "shared", number, of } : undefined;
}
