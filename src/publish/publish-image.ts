// SPDX-License-Identifier: MIT
import type { Named } from "../image/by-reference/with-reference.ts";
import { parseLocation, storeOf } from "../image/location.ts";
import { openTarget, type OpenOptions } from "../image/open-reference.ts";
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { copy } from "../store/copy/copy.ts";
import type { ContentStore } from "../store/store.ts";
import type { CopyEvent } from "../store/copy/transfer.ts";
import { type FactOptions, policyFindings, readFacts } from "./children/child-facts.ts";
import { evaluateGates, refusal, sortFindings } from "./gates.ts";
import type { GateFinding, GateName } from "./gates/gate.ts";
import { gatherFromLocations } from "./children/gather-children.ts";
import type { Child } from "./children/index-child.ts";
import { digestOf, readPublished } from "./published-index.ts";
import { setTag } from "./set-tag.ts";
import { architectureTag } from "./tag-names.ts";

export interface PublishImageOptions extends OpenOptions, FactOptions {
  /** The tag of the index that the image is for: it gets `TAG-ARCH`. Without it no tag is set, only the digest counts. */
  readonly tag?: string | undefined;
  readonly force?: readonly GateName[] | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: CopyEvent) => void) | undefined;
}

/** An image that was published for a later index. */
export interface PublishedOne {
  /** `REPOSITORY:TAG-ARCH`, or `REPOSITORY@DIGEST`. */
  readonly reference: string;
  readonly digest: Digest;
  /** The findings that `force` overrode. */
  readonly overridden: readonly GateFinding[];
}

/**
 * Publishes one image for an index that is made later, behind the gates that one image can be asked: what its tag
 * names now may not be newer, and must be for the same platform. Idempotent.
 * @throws OciError `gate-refused`, `unreadable`, as `pushIndex`; `changed-meanwhile`; what copying throws
 */
export async function publishImage(
  from: Named,
  repository: Named,
  options: PublishImageOptions = {},
): Promise<PublishedOne> {
  const location = typeof repository === "string" ? parseLocation(repository) : repository;
  const gathered = await gatherFromLocations([from], options);
  try {
    const [child, second] = gathered.children;
    if (child === undefined || second !== undefined) throw notOne(gathered.children);
    const target = await openTarget(storeOf(location), options);
    try {
      const published = await publish(child, target.store, options);
      await target.close();
      return published;
    } finally {
      await target.discard();
    }
  } finally {
    await gathered.close();
  }
}

async function publish(
  child: Child,
  target: ContentStore,
  options: PublishImageOptions,
): Promise<PublishedOne> {
  const { signal, limits, keys, onProgress } = options;
  const { digest } = child.descriptor;
  const tag = options.tag && architectureTag(options.tag, child.platform);
  const name = tag === undefined ? `${target.name}@${digest}` : `${target.name}:${tag}`;
  const published =
    tag === undefined
      ? ({ state: "absent" } as const)
      : await readPublished(target, tag, { signal, limits, keys });
  const children = await readFacts([child], options);
  const findings = [
    ...evaluateGates({ children, architectures: undefined, published }),
    ...(await policyFindings([child], { ...options, target })),
  ];
  const { refusing, overridden } = sortFindings(findings, options.force);
  const cause = published.state === "unreadable" ? published.error : undefined;
  if (refusing.length > 0) throw refusal(name, refusing, cause);
  for (const root of [child.descriptor, ...child.attestations]) {
    await copy(child.image.store, root, target, { keepRoot: false, signal, limits, onProgress });
  }
  if (tag !== undefined && digestOf(published) !== digest) {
    const isKnown = published.state !== "unreadable";
    const condition = isKnown ? { ifNames: digestOf(published) ?? null } : {};
    await setTag(target, child.descriptor, tag, { signal, ...condition });
  }
  return { reference: name, digest, overridden };
}

function notOne(children: readonly Child[]): OciError {
  return new OciError(
    children.length === 0 ? "not-found" : "ambiguous",
    `push: expected one image, got ${children.length}: ${children.map(({ name }) => name).join(", ")}`,
  );
}
