// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { deleting } from "../repository-context.ts";
import type { RepositoryContext } from "../repository-context.ts";
import { RegistryError } from "../registry-error.ts";
import { formatWireErrors } from "../wire/error-body.ts";
import { formatRoute, parseKnownDigest } from "../wire/paths.ts";

/**
 * Removes a tag but keeps the manifest that it names. Where the registry is known to refuse that, it is not asked.
 * @throws OciError, RegistryError `not-found`; `unsupported-operation` when the registry can't delete tags
 */
export async function removeTag(
  context: RepositoryContext,
  tag: string,
  options: AbortOptions = {},
): Promise<void> {
  const { repository, name, habits } = context;
  if (habits.deletesTags === false) {
    throw new OciError(
      "unsupported-operation",
      `${name}:${tag}: expected a registry that deletes a tag without its manifest, got ${habits.name}, which is known not to`,
    );
  }
  try {
    await sendDelete(
      context,
      formatRoute({ kind: "manifest", repository, reference: tag }),
      [200, 202, 204],
      options,
    );
  } catch (error) {
    if (!(error instanceof RegistryError) || error.readsOnly || !isUnsupported(error)) throw error;
    const { method, url, status, registryErrors } = error;
    const words = registryErrors.length === 0 ? "" : ` (${formatWireErrors(registryErrors)})`;
    throw new RegistryError(
      "unsupported-operation",
      `${name}:${tag}: expected a registry that deletes a tag without its manifest, got status ${status ?? 0}${words}`,
      { method, url, status, registryErrors, cause: error },
    );
  }
}

/** How registries that can't delete tags answer; older ones take the tag for an invalid digest. */
function isUnsupported({ status, registryErrors }: RegistryError): boolean {
  const says = registryErrors.some(
    ({ code }) => code === "UNSUPPORTED" || code === "DIGEST_INVALID",
  );
  return status === 405 || status === 501 || (status === 400 && says);
}

/**
 * Removes a manifest with the tags that name it, or else a blob. Idempotent. The digest alone does not tell
 * which of the two it is, so both are tried.
 */
export async function removeContent(
  context: RepositoryContext,
  given: Digest,
  options: AbortOptions = {},
): Promise<void> {
  const { repository } = context;
  const digest = parseKnownDigest(given);
  const expect = [200, 202, 204, 404];
  const manifest = formatRoute({ kind: "manifest", repository, reference: digest });
  if ((await sendDelete(context, manifest, expect, options)) !== 404) return;
  await sendDelete(context, formatRoute({ kind: "blob", repository, digest }), expect, options);
}

/** Removes a manifest if the registry removes any. Whether it is gone. */
export async function removeManifest(
  context: RepositoryContext,
  digest: Digest,
  options: AbortOptions,
): Promise<boolean> {
  const { repository } = context;
  const target = formatRoute({ kind: "manifest", repository, reference: digest });
  const gone = [200, 202, 204, 404];
  return gone.includes(await sendDelete(context, target, [...gone, 400, 403, 405, 501], options));
}

async function sendDelete(
  context: RepositoryContext,
  target: string,
  expect: readonly number[],
  { signal }: AbortOptions,
): Promise<number> {
  const { transport } = context;
  const answer = await transport.send({
    ...deleting(context),
    method: "DELETE",
    target,
    expect,
    signal,
  });
  await answer.discard();
  return answer.status;
}
