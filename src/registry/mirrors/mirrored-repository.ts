// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { readContent, type Part } from "../../store/read-content.ts";
import {
  mountFrom,
  type MirrorFailed,
  type RegistryOptions,
  type RepositoryStore,
} from "../repository.ts";
import { isDocumentType } from "../repository-context.ts";

/**
 * A repository that is read from its mirrors, in order, and last from itself; everything else is done at the
 * repository itself. A mirror that fails is told of and not asked again, unless it only lacks what was asked
 * for. What a mirror gives is verified as everything is. A blob whose transfer breaks off goes on at the
 * next place from where it stopped; a blob with a wrong digest is found out at its end, and then fails. Into another
 * repository of the same registry, or of a mirror's, its content is mounted as from itself.
 */
export function openMirrored(
  primary: RepositoryStore,
  mirrors: readonly RepositoryStore[],
  onMirrorFailed?: RegistryOptions["onMirrorFailed"],
): RepositoryStore {
  const failures = createFailures(primary, onMirrorFailed);
  const places = (): readonly RepositoryStore[] => [
    ...mirrors.filter((mirror) => !failures.isGivenUp(mirror)),
    primary,
  ];
  const first = async <T>(ask: (place: RepositoryStore) => Promise<T>): Promise<T> => {
    for (const place of places()) {
      try {
        return await ask(place);
      } catch (error) {
        failures.add(place, error);
      }
    }
    throw new Error("unreachable: the last place's failure has been thrown");
  };

  async function* readBlob(descriptor: Descriptor, part: Part, abort: AbortOptions): Bytes {
    let { offset } = part;
    const end = part.offset + part.length;
    for (const place of places()) {
      try {
        const rest = { offset, length: end - offset };
        for await (const chunk of place.fetchRange(descriptor, rest, abort)) {
          offset += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        failures.add(place, error);
      }
    }
  }

  async function* readDocument(descriptor: Descriptor, part: Part, abort: AbortOptions): Bytes {
    // Read whole, so that a wrong one is known before any of it is passed on.
    const whole = await first((place) =>
      readAll(place.fetch(descriptor, abort), descriptor.size, place.name),
    );
    yield whole.subarray(part.offset, part.offset + part.length);
  }

  const store: RepositoryStore = {
    ...primary,
    ...readContent(
      ({ digest }) => `${[...mirrors, primary].map(({ name }) => name).join(" or ")}@${digest}`,
      (descriptor, part = { offset: 0, length: descriptor.size }, abort) =>
        isDocumentType(descriptor.mediaType)
          ? readDocument(descriptor, part, abort)
          : readBlob(descriptor, part, abort),
    ),
    resolve: (reference, abort) => first((place) => place.resolve(reference, abort)),
    capabilities: {
      ...primary.capabilities,
      lookUp: (reference, abort) => first((place) => place.capabilities.lookUp(reference, abort)),
    },
    exists: (descriptor, abort) =>
      first(async (place) => {
        if (await place.exists(descriptor, abort)) return true;
        if (place === primary) return false;
        throw absent(place, descriptor);
      }),
  };
  mountFrom(store, [primary, ...mirrors]);
  return store;
}

interface Failures {
  /** Whether the mirror is not to be asked again. */
  isGivenUp(mirror: RepositoryStore): boolean;
  /** Notes that a mirror failed. @throws what the primary failed with, or the abort */
  add(place: RepositoryStore, error: unknown): void;
}

function createFailures(
  primary: RepositoryStore,
  onMirrorFailed: RegistryOptions["onMirrorFailed"],
): Failures {
  const given = new Set<RepositoryStore>();
  const told = new Map<string, MirrorFailed>();
  return {
    isGivenUp: (mirror) => given.has(mirror),
    add: (place, error) => {
      if (!isOciError(error) || error.code === "aborted") throw error;
      if (place === primary) throw withMirrors(error, [...told.values()]);
      if (error.code !== "not-found") given.add(place);
      const key = `${place.name} ${error.code}`;
      if (told.has(key)) return;
      const event: MirrorFailed = { kind: "mirror-failed", mirror: place.name, error };
      told.set(key, event);
      onMirrorFailed?.(event);
    },
  };
}

/** The primary's error, which also says what the mirrors failed with. */
function withMirrors(error: OciError, failed: readonly MirrorFailed[]): OciError {
  if (failed.length === 0) return error;
  const before = failed.map(({ mirror, error: { message } }) => `mirror ${mirror}: ${message}`);
  return new OciError(error.code, `${error.message}; before that: ${before.join("; ")}`, {
    details: error.details,
    cause: error,
    ...(error.hint !== undefined && { hint: error.hint }),
  });
}

function absent({ name }: RepositoryStore, { digest }: Descriptor): OciError {
  return new OciError("not-found", `${name}: expected ${digest}, got nothing`);
}
