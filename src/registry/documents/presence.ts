// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Answer } from "../exchange.ts";
import { contentPath, isDocumentType, pulling } from "../repository-context.ts";
import type { RepositoryContext } from "../repository-context.ts";
import { contentLengthOf } from "../wire/content-length.ts";
import { parseContentRange } from "../wire/range.ts";
import { ACCEPT } from "./manifests.ts";

/** Whether a registry has content, found out without reading it. */
export interface Presence {
  readonly exists: (descriptor: Descriptor, options?: AbortOptions) => Promise<boolean>;
  /**
   * Whether content has to be sent: as {@link Presence.exists} last answered, who need not ask twice for that, or else as the
   * registry answers now. An answer counts once, because another client may send the content at any time.
   */
  readonly isWanted: (descriptor: Descriptor, options?: AbortOptions) => Promise<boolean>;
}

/**
 * Statuses by which registries, or the storage that they redirect to, refuse HEAD although GET is allowed: an
 * address signed for GET answers HEAD with 403.
 */
const HEAD_REFUSED: readonly number[] = [400, 403, 405, 406, 415, 501];

/**
 * Asks with HEAD whether a repository has content; with GET where HEAD is refused, from then on at once.
 * Content of another size does not count: it is pushed again.
 */
export function openPresence(context: RepositoryContext): Presence {
  let refusesHead = false;
  const ask = async (
    method: "HEAD" | "GET",
    descriptor: Descriptor,
    { signal }: AbortOptions,
  ): Promise<Answer> => {
    const isDocument = isDocumentType(descriptor.mediaType);
    const isPart = method === "GET" && !isDocument;
    const answer = await context.transport.send({
      ...pulling(context),
      method,
      target: contentPath(context, descriptor),
      headers: { accept: isDocument ? ACCEPT : "*/*", ...(isPart && { range: "bytes=0-0" }) },
      expect: method === "HEAD" ? [200, 404, ...HEAD_REFUSED] : [200, 206, 404, 416],
      signal,
    });
    await answer.discard();
    return answer;
  };
  const look = async (descriptor: Descriptor, options: AbortOptions): Promise<boolean> => {
    const first = refusesHead ? undefined : await ask("HEAD", descriptor, options);
    if (first !== undefined && !HEAD_REFUSED.includes(first.status))
      return isThere(first, descriptor);
    const answer = await ask("GET", descriptor, options);
    refusesHead ||= answer.status !== 404;
    return isThere(answer, descriptor);
  };
  /** What was asked for and not there. */
  const absent = new Set<Digest>();
  return {
    exists: async (descriptor, options = {}) => {
      const isPresent = await look(descriptor, options);
      if (isPresent) absent.delete(descriptor.digest);
      else absent.add(descriptor.digest);
      return isPresent;
    },
    isWanted: async (descriptor, options = {}) =>
      absent.delete(descriptor.digest) || !(await look(descriptor, options)),
  };
}

/** A registry need not state the size. */
function isThere({ status, header }: Answer, { size }: Descriptor): boolean {
  if (status === 404) return false;
  // There is no first byte of nothing.
  if (status === 416) return size === 0;
  // The lengths of an encoded answer are not those of the content.
  if (header("content-encoding") !== undefined) return true;
  const length =
    status === 206
      ? parseContentRange(header("content-range"))?.size
      : contentLengthOf(header("content-length"));
  return length === undefined || length === size;
}
