// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import { formatLocation, parseLocation, type Location } from "../../../image/location.ts";
import { type OpenOptions, openReference } from "../../../image/open-reference.ts";
import type { Digest } from "../../../oci/digest.ts";
import { OciError } from "../../../oci/errors.ts";
import type { NamedContext } from "../../buildkit/request/build-request.ts";

/** An image that no stage makes, pinned to what its place has now. */
export interface OutsideImage {
  readonly digest: Digest;
  readonly context: NamedContext;
}

/** Pins images from outside, each once a run. */
export interface OutsideImages {
  /** @throws OciError `invalid-reference`, `unsupported-operation`; what opening and reading throw */
  pin(reference: string): Promise<OutsideImage>;
}

/** @param directory where relative paths are taken from */
export function openOutsideImages(directory: string, options: OpenOptions): OutsideImages {
  const asked = new Map<string, Promise<OutsideImage>>();
  return {
    pin(reference) {
      const known = asked.get(reference);
      if (known !== undefined) return known;
      const asking = pin(reference, directory, options);
      asked.set(reference, asking);
      return asking;
    },
  };
}

async function pin(
  reference: string,
  directory: string,
  options: OpenOptions,
): Promise<OutsideImage> {
  const location = inProject(parseLocation(reference), directory);
  const opened = await openReference(location, options);
  try {
    const { digest } = await opened.root({ signal: options.signal });
    return { digest, context: contextOf(location, digest) };
  } finally {
    await opened.close();
  }
}

function inProject(location: Location, directory: string): Location {
  if (location.kind !== "oci") return location;
  return { ...location, directory: resolve(directory, location.directory) };
}

function contextOf(location: Location, digest: Digest): NamedContext {
  if (location.kind === "oci") return { kind: "layout", path: location.directory, digest };
  if (location.kind === "registry") {
    const { registry, repository } = location.reference;
    return { kind: "image", reference: `${registry}/${repository}@${digest}` };
  }
  throw new OciError(
    "unsupported-operation",
    `${formatLocation(location)}: expected an image of a registry or a layout (oci:DIR) to build from, got another kind`,
  );
}
