// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Access } from "../auth/authorizer.ts";
import type { Answer } from "../exchange.ts";
import { RegistryError } from "../registry-error.ts";
import { pushing } from "../repository-context.ts";
import type { RepositoryContext } from "../repository-context.ts";
import { isTransient, persist } from "../transport/persist.ts";
import { formatRoute } from "../wire/paths.ts";

/**
 * POST: asks for a blob of another repository of the same registry. Asks again without access to the other
 * repository if the registry or its token endpoint refuses that. Undefined for every refusal and failure: then the
 * blob has to be sent, and if the registry is in trouble, sending says so.
 * @returns an answer with status 201 (mounted) or 202 (an upload has begun instead)
 * @throws OciError `aborted`
 */
export async function askMount(
  context: RepositoryContext,
  digest: Digest,
  from: string,
  options: AbortOptions,
): Promise<Answer | undefined> {
  const post = (access: Access): Promise<Answer> =>
    persist(
      { ...context.transport.retry, attempts: 2 },
      () => send(context, `?mount=${digest}&from=${encodeURIComponent(from)}`, access, options),
      { ...options, worthwhile: (error) => isTransient(error) && !hasAnswered(error) },
    );
  try {
    return await post(pushing(context, from));
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (error.code !== "unauthorized") return undefined;
  }
  try {
    return await post(pushing(context));
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return undefined;
  }
}

async function send(
  context: RepositoryContext,
  query: string,
  access: Access,
  { signal }: AbortOptions,
): Promise<Answer> {
  const path = formatRoute({ kind: "uploads", repository: context.repository });
  const answer = await context.transport.send({
    ...access,
    method: "POST",
    target: path + query,
    headers: { "content-length": "0" },
    expect: [201, 202],
    once: true,
    signal,
  });
  await answer.discard();
  return answer;
}

/** A connection that was closed while idle is worth another try. A registry that says no is not asked again. */
function hasAnswered(error: unknown): boolean {
  return error instanceof RegistryError && error.status !== undefined;
}
