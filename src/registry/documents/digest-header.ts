// SPDX-License-Identifier: MIT
import { digestBytes } from "../../bytes/hash.ts";
import { isDigest, knownAlgorithm } from "../../oci/digest.ts";
import type { Digest } from "../../oci/digest.ts";
import { quote } from "../../oci/quote.ts";
import type { Answer } from "../exchange.ts";
import { redactUrl } from "../hosts.ts";
import { RegistryError } from "../registry-error.ts";
import type { WholeAnswer } from "../transport/transport.ts";

/** The head of an answer: enough to read and judge its `Docker-Content-Digest`. */
export type AnswerHead = Pick<Answer, "header" | "method" | "url" | "status">;

/**
 * The digest of the body, checked against the requested digest and the one in the header. Computed with
 * sha256 where neither names one.
 * @throws RegistryError `digest-mismatch`
 */
export function digestOfAnswer(answer: WholeAnswer, reference: string): Digest {
  if (isDigest(reference)) {
    checkDigestHeader(answer, answer.bytes, reference);
    const got = digestBytes(answer.bytes, knownAlgorithm(reference));
    if (got !== reference) throw lie(answer, reference, `a body with digest ${got}`);
    return reference;
  }
  return checkDigestHeader(answer, answer.bytes) ?? digestBytes(answer.bytes);
}

/**
 * The digest in the header, checked against the bytes. Undefined when there is none.
 * @throws RegistryError `digest-mismatch`; OciError `unsupported-algorithm`
 */
export function checkDigestHeader(
  answer: AnswerHead,
  bytes: Uint8Array,
  expected?: Digest,
): Digest | undefined {
  const header = digestHeaderOf(answer);
  if (header === undefined) return undefined;
  const got = digestBytes(bytes, knownAlgorithm(header));
  if (got !== header) throw lie(answer, expected ?? got, `the header ${header}`);
  return header;
}

/**
 * The digest in the header of an answer without a body, not verified. Undefined when there is none.
 * @throws RegistryError `digest-mismatch` for another than the requested digest, and for what is no digest
 */
export function digestHeaderOf(answer: AnswerHead, reference?: string): Digest | undefined {
  // Two proxies in a row can add the same header twice.
  const values = (answer.header("docker-content-digest") ?? "").split(",");
  const [header = "", ...others] = new Set(values.map((value) => value.trim()));
  if (header === "" && others.length === 0) return undefined;
  if (others.length > 0 || !isDigest(header)) {
    throw lie(answer, "a digest", `the header ${quote(values.join(","))}`);
  }
  if (reference !== undefined && isDigest(reference) && reference !== header) {
    throw lie(answer, reference, `the header ${header}`);
  }
  return header;
}

function lie(answer: AnswerHead, expected: string, got: string): RegistryError {
  const { method, status } = answer;
  const url = redactUrl(answer.url);
  return new RegistryError(
    "digest-mismatch",
    `${method} ${url}: expected ${expected}, got ${got} (Docker-Content-Digest)`,
    {
      method,
      url,
      status,
      hint: "The registry, or something between, contradicts itself; what it sent can't be trusted.",
    },
  );
}
