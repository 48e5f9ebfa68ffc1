// SPDX-License-Identifier: MIT
import type { AbortOptions, Source } from "../bytes/bytes.ts";
import { verify } from "../bytes/verify.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { pushing } from "./context.ts";
import type { RepositoryContext } from "./context.ts";
import type { Answer } from "./exchange.ts";
import { holdBack } from "./transport/hold-back.ts";
import { redactUrl } from "./hosts.ts";
import { isTransient, persist } from "./transport/persist.ts";
import { RegistryError } from "./registry-error.ts";
import { formatRoute, parseKnownDigest } from "./wire/paths.ts";
import { resolveUploadLocation, withDigest } from "./wire/upload-location.ts";
import { parseUrl } from "./wire/url.ts";

/** Uploads to one repository. */
export interface Uploads {
  /** Sends a blob whether it is there or not: POST, then one PUT. A new upload is begun for each attempt. */
  push(descriptor: Descriptor, source: Source, options?: AbortOptions): Promise<void>;
  /**
   * Takes a blob over from another repository. False when the registry would not; the upload that it
   * began instead (202) is what the next push of this blob goes on with.
   */
  mount(descriptor: Descriptor, from: string, options?: AbortOptions): Promise<boolean>;
}

/** Opens the uploads of a repository. */
export function openUploads(context: RepositoryContext): Uploads {
  const { transport } = context;
  const begun = new Map<Digest, URL>();

  const pushOnce = async (
    descriptor: Descriptor,
    source: Source,
    options: AbortOptions,
  ): Promise<void> => {
    const location = begun.get(descriptor.digest) ?? (await begin(context, options));
    begun.delete(descriptor.digest);
    try {
      await complete(context, location, descriptor, source, options);
    } catch (error) {
      await cancel(context, location);
      throw error;
    }
  };

  return {
    push: async (descriptor, source, options = {}) => {
      parseKnownDigest(descriptor.digest);
      await persist(transport.retry, () => pushOnce(descriptor, source, options), {
        signal: options.signal,
        worthwhile: (error) => isTransient(error) || isLostUpload(error),
      });
    },
    mount: async (descriptor, from, options = {}) => {
      const digest = parseKnownDigest(descriptor.digest);
      const answer = await askMount(context, digest, from, options);
      if (answer?.status === 202) begun.set(digest, uploadLocation(context, answer));
      return answer?.status === 201;
    },
  };
}

/** An upload that the registry has forgotten (or that a mount began too long ago) is begun anew. */
function isLostUpload(error: unknown): boolean {
  return (
    error instanceof RegistryError &&
    error.status === 404 &&
    error.registryErrors.some(({ code }) => code === "BLOB_UPLOAD_UNKNOWN")
  );
}

async function begin(context: RepositoryContext, options: AbortOptions): Promise<URL> {
  const answer = await context.transport.send({
    ...pushing(context),
    method: "POST",
    target: formatRoute({ kind: "uploads", repository: context.repository }),
    headers: { "content-length": "0" },
    expect: [202],
    signal: options.signal,
  });
  await answer.discard();
  return uploadLocation(context, answer);
}

async function complete(
  context: RepositoryContext,
  location: URL,
  descriptor: Descriptor,
  source: Source,
  options: AbortOptions,
): Promise<void> {
  const what = `${context.name}: ${descriptor.digest} to push`;
  const answer = await context.transport.send({
    ...pushing(context),
    method: "PUT",
    target: withDigest(location, descriptor.digest),
    headers: { "content-type": "application/octet-stream" },
    body: {
      size: descriptor.size,
      open: (open) => holdBack(verify(source.open(open), descriptor, { what })),
    },
    expect: [201],
    once: true,
    signal: options.signal,
  });
  await answer.discard();
}

/** Best effort: a registry drops uploads that are not ended by itself, after days. */
async function cancel(context: RepositoryContext, location: URL): Promise<void> {
  try {
    const answer = await context.transport.send({
      ...pushing(context),
      method: "DELETE",
      target: location,
      expect: [202, 204],
      once: true,
    });
    await answer.discard();
  } catch {
    // The failure that led here is the one to report.
  }
}

async function askMount(
  context: RepositoryContext,
  digest: Digest,
  from: string,
  options: AbortOptions,
): Promise<Answer | undefined> {
  const path = formatRoute({ kind: "uploads", repository: context.repository });
  try {
    const answer = await context.transport.send({
      ...pushing(context, from),
      method: "POST",
      target: `${path}?mount=${digest}&from=${encodeURIComponent(from)}`,
      headers: { "content-length": "0" },
      expect: [201, 202],
      signal: options.signal,
    });
    await answer.discard();
    return answer;
  } catch (error) {
    const status = error instanceof RegistryError ? (error.status ?? 500) : 500;
    if (status >= 400 && status < 500 && status !== 429) return undefined;
    throw error;
  }
}

function uploadLocation({ transport }: RepositoryContext, answer: Answer): URL {
  const location = answer.header("location");
  const url = resolveUploadLocation(location, answer.url, transport.origin);
  if (url !== undefined) return url;
  const { method, status } = answer;
  const elsewhere = parseUrl(location, answer.url);
  const got = elsewhere === undefined ? "none that is a URL" : redactUrl(elsewhere);
  throw new RegistryError(
    "redirect-refused",
    `${method} ${redactUrl(answer.url)}: expected the Location of an upload at ${transport.origin.host}, got ${got}`,
    {
      method,
      url: redactUrl(answer.url),
      status,
      hint: "Content is only sent to the host that was named.",
    },
  );
}
