// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { isDigest, shortDigest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import { changedMeanwhile } from "../changed-meanwhile.ts";

// The entries of an index.json as a list of roots with names (image-spec, image-layout.md, "index.json
// file"). These functions are pure: an edit returns a new list, and keeps the fields that it does not know.

const NAMES: readonly string[] = [AnnotationKey.refName, AnnotationKey.containerdName];
const TAG = /^\w[\w./:@+-]{0,254}$/;

/**
 * Whether a reference is a digest. Only sha256 and sha512 count: the spec's wide grammar would make
 * `busybox:1.36` a digest too, but skopeo writes such names, so it is a name here.
 */
export function meansDigest(reference: string): reference is Digest {
  return /^sha(?:256|512):/.test(reference) && isDigest(reference);
}

/** A root: an entry of index.json for a manifest or index. */
export type RootEntry = Descriptor;

/**
 * Checks the name of a root. More is allowed than in a registry's tag, because the spec's grammar allows it.
 * @throws OciError `invalid-argument`
 */
export function checkRootName(tag: string): string {
  if (TAG.test(tag) && !meansDigest(tag)) return tag;
  throw new OciError(
    "invalid-argument",
    `tag: expected a name such as 1.2 or example.org/a:1.2, got ${quote(tag)}`,
    { details: { tag } },
  );
}

/**
 * Finds the root that a digest or a name means. A name is looked up as it is written first, then as a full
 * name, then as the tag in a full name, and last as one of Docker's short forms.
 * @throws OciError `ambiguous` when the first kind of name that matches stands for different content
 */
export function findRoot(
  entries: readonly RootEntry[],
  reference: string,
  where: string,
): RootEntry | undefined {
  if (meansDigest(reference)) return entries.find((entry) => entry.digest === reference);
  for (const matches of MATCHERS) {
    const found = entries.filter((entry) => matches(entry, reference));
    const [first] = found;
    if (first === undefined) continue;
    if (found.every((entry) => entry.digest === first.digest)) return first;
    throw new OciError(
      "ambiguous",
      `${where}: expected one image named ${quote(reference)}, got ${found.map((entry) => shortDigest(entry.digest)).join(", ")}`,
      { details: { reference, found }, hint: "Name the one that is meant by its digest." },
    );
  }
  return undefined;
}

/** @throws OciError `changed-meanwhile` when a name does not stand for this digest, or with null for anything */
export function checkNames(
  entries: readonly RootEntry[],
  tag: string,
  expected: Digest | null,
  where: string,
): void {
  const now = findRoot(entries, tag, where)?.digest ?? null;
  if (now !== expected) throw changedMeanwhile(`${where}:${tag}`, expected, now);
}

const MATCHERS: readonly ((entry: RootEntry, reference: string) => boolean)[] = [
  (entry, reference) => annotation(entry, AnnotationKey.refName) === reference,
  (entry, reference) => annotation(entry, AnnotationKey.containerdName) === reference,
  (entry, reference) => namesOf(entry).some((name) => tagPart(name) === reference),
  (entry, reference) => namesOf(entry).includes(dockerName(reference)),
];

function annotation(entry: RootEntry, key: string): string | undefined {
  return entry.annotations?.[key];
}

function namesOf(entry: RootEntry): string[] {
  return NAMES.map((key) => annotation(entry, key)).filter((name) => name !== undefined);
}

function tagStart(name: string): number {
  const colon = name.lastIndexOf(":");
  return colon > name.lastIndexOf("/") ? colon : -1;
}

function tagPart(name: string): string | undefined {
  const colon = tagStart(name);
  return colon === -1 ? undefined : name.slice(colon + 1);
}

/** Adds Docker's default tag to a name without one: `alpine` becomes `alpine:latest`. */
export function taggedName(name: string): string {
  return tagStart(name) === -1 ? `${name}:latest` : name;
}

/** The full name that Docker means by a short one: `alpine` means `docker.io/library/alpine:latest`. */
export function dockerName(name: string): string {
  const tagged = taggedName(name);
  const [first = "", ...rest] = tagged.split("/");
  if (rest.length === 0) return `docker.io/library/${tagged}`;
  return /[.:]/.test(first) || first === "localhost" ? tagged : `docker.io/${tagged}`;
}

/** All names, sorted. Roots that share a short name are listed by their full names. */
export function rootNames(entries: readonly RootEntry[]): string[] {
  const named = new Map<string, Set<Digest>>();
  for (const entry of entries) {
    const [name] = namesOf(entry);
    if (name !== undefined) named.set(name, (named.get(name) ?? new Set()).add(entry.digest));
  }
  const names = entries.flatMap((entry) => {
    const [name, full] = namesOf(entry);
    if (name === undefined) return [];
    return [(named.get(name)?.size ?? 0) > 1 ? (full ?? name) : name];
  });
  return [...new Set(names)].sort();
}

/** Makes a name stand for this root only. What the list records about the root stays with it. */
export function withTag(
  entries: readonly RootEntry[],
  descriptor: Descriptor,
  tag: string,
): RootEntry[] {
  const same = entries.filter((entry) => entry.digest === descriptor.digest);
  const known =
    same.find((entry) => annotation(entry, AnnotationKey.refName) === tag) ??
    same.find((entry) => namesOf(entry).length === 0);
  const annotations: Record<string, string> = {
    ...known?.annotations,
    ...descriptor.annotations,
    [AnnotationKey.refName]: tag,
  };
  const full = annotations[AnnotationKey.containerdName];
  if (full !== undefined) annotations[AnnotationKey.containerdName] = retagged(full, tag);
  const added = { ...known, ...descriptor, annotations };
  const kept = entries.filter(
    (entry) => annotation(entry, AnnotationKey.refName) !== tag && entry !== known,
  );
  return [...kept, added];
}

function retagged(full: string, tag: string): string {
  if (/[/:@]/.test(tag)) return dockerName(tag);
  const colon = tagStart(full);
  return `${colon === -1 ? full : full.slice(0, colon)}:${tag}`;
}

/**
 * Adds a root without a name, unless it is already there.
 * @param inPlaceOf the root without a name that is removed in return
 */
export function withRoot(
  roots: readonly RootEntry[],
  descriptor: Descriptor,
  inPlaceOf?: Digest,
): RootEntry[] {
  const isReplaced = (entry: RootEntry): boolean =>
    entry.digest === inPlaceOf && inPlaceOf !== descriptor.digest && isNameless(entry);
  const entries = roots.filter((entry) => !isReplaced(entry));
  if (entries.some((entry) => entry.digest === descriptor.digest)) return entries;
  if (descriptor.annotations === undefined) return [...entries, descriptor];
  const annotations = Object.fromEntries(
    Object.entries(descriptor.annotations).filter(([key]) => !NAMES.includes(key)),
  );
  return [...entries, { ...descriptor, annotations }];
}

/** Whether only its digest names the root. */
export function isNameless(entry: RootEntry): boolean {
  return namesOf(entry).length === 0;
}

/** Removes a name and its entry. @throws OciError `not-found` */
export function withoutTag(entries: readonly RootEntry[], tag: string, where: string): RootEntry[] {
  const named = findRoot(entries, tag, where);
  if (named === undefined || meansDigest(tag)) throw noSuchRoot(tag, where);
  return entries.filter((entry) => entry !== named);
}

/** Removes every root with this digest. */
export function withoutDigest(entries: readonly RootEntry[], digest: Digest): RootEntry[] {
  return entries.filter((entry) => entry.digest !== digest);
}

/** The error for a name or digest that a store does not have. */
export function noSuchRoot(reference: string, where: string): OciError {
  return new OciError("not-found", `${where}: expected an image ${quote(reference)}, got none`, {
    details: { reference },
    ...(/^(?:oci|oci-archive|docker-archive):/.test(where) && {
      hint: `oci-kit tags ${where} says what there is`,
    }),
  });
}
