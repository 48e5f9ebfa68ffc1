// SPDX-License-Identifier: MIT
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import type { ReadableStore } from "../../store/store.ts";
import { formatLocation, type Location } from "../location.ts";

// The errors of a deletion: each says why nothing was deleted, and what would be.

/** Nothing is deleted by default: not even `latest`. */
export function namesNothing(location: Location): OciError {
  const text = formatLocation(location);
  const place = location.kind === "path" ? `oci:${text}` : text;
  return new OciError(
    "invalid-argument",
    `${text}: expected what to delete, as a tag or a digest, got neither`,
    { hint: `Name it: ${place}:TAG, or --manifest ${place}@sha256:…` },
  );
}

/** What is written once and whole has nothing to delete. */
export function writtenWhole(location: Location): OciError {
  return new OciError(
    "unsupported-operation",
    `${formatLocation(location)}: expected a registry or a layout, from which something can be deleted`,
    { hint: "Copy what is to stay into a layout: oci-kit copy SRC oci:DIR:TAG" },
  );
}

export function namesManifest(location: Location): OciError {
  return new OciError(
    "invalid-argument",
    `${formatLocation(location)}: expected a tag to delete, got a digest, which names the manifest itself`,
    { hint: "Add --manifest to delete it with every tag that names it; --dry-run says which." },
  );
}

export function movedOn(
  store: ReadableStore,
  tag: string,
  digest: Digest,
  root: Descriptor,
): OciError {
  return new OciError(
    "gate-refused",
    `${store.name}:${tag}: expected it to name ${digest}, got ${root.digest}: nothing was deleted`,
    { details: { tag, expected: digest, got: root.digest } },
  );
}

export function keepsAll(store: ReadableStore): OciError {
  return new OciError("unsupported-operation", `${store.name}: nothing can be deleted from it`);
}

/** A registry that takes no changes at all, as it says itself. */
export function readsOnly(store: ReadableStore, cause: OciError): OciError {
  return new OciError(
    "unsupported-operation",
    `${store.name}: expected a registry in which something can be deleted, got one that is read-only: ${cause.message}`,
    {
      cause,
      hint: "Delete where it is written: a mirror, or oci-kit serve --read-only, changes nothing.",
    },
  );
}

/** Distribution deletes nothing until its configuration says so. */
export function deletesNothing(store: ReadableStore, cause: OciError): OciError {
  return new OciError(
    "unsupported-operation",
    `${store.name}: expected a registry that deletes manifests, got a refusal: ${cause.message}`,
    {
      cause,
      hint: "Deleting may be switched off there: distribution needs REGISTRY_STORAGE_DELETE_ENABLED=true.",
    },
  );
}

/**
 * A registry that can't delete a tag alone.
 * @param tags all tags of the same manifest
 * @param cause how it refused; undefined when it was not asked, because it is known to refuse
 */
export function tagStays(
  name: string,
  digest: Digest,
  tags: readonly string[],
  cause: unknown,
): OciError {
  const others = tags.filter((tag) => !name.endsWith(`:${tag}`));
  // Of "not found" the registry's words alone would say that the tag is not there.
  const got = cause === undefined ? "is known not to" : "finds no such manifest";
  const message = isOciError(cause, "unsupported-operation")
    ? cause.message
    : `${name}: expected a registry that deletes a tag without its manifest, got one that ${got}`;
  const also =
    others.length === 0
      ? "no other tag names it"
      : `with it ${others.length === 1 ? "goes the tag" : "go the tags"} ${others.join(", ")}`;
  return new OciError("unsupported-operation", message, {
    cause,
    details: { digest, others },
    hint: `--manifest deletes what it names, ${digest}; ${also}`,
  });
}
