// SPDX-License-Identifier: MIT
import { member } from "./loose-json.ts";

/** A token endpoint's answer (distribution's token specification). */
export interface TokenAnswer {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
}

const SENDABLE = /^[\x21-\x7e]{1,65536}$/;
/** What the specification says where the answer says nothing; also the least, for clients' sake. */
const SHORTEST_LIFE = 60;
const LONGEST_LIFE = 3_600;

/**
 * Reads a token endpoint's parsed answer: `token`, else `access_token`. Undefined when there is none
 * that could stand in a header. The life is kept within 60 s and 1 h, whatever the answer says.
 */
export function parseTokenAnswer(value: unknown): TokenAnswer | undefined {
  const seconds = member(value, "expires_in");
  const given = [member(value, "token"), member(value, "access_token")].find(
    (candidate) => typeof candidate === "string" && SENDABLE.test(candidate),
  );
  if (typeof given !== "string") return undefined;
  const life = Number(seconds) || 0;
  return { token: given, expiresIn: Math.min(LONGEST_LIFE, Math.max(SHORTEST_LIFE, life)) };
}

/**
 * The scope of a token: what is asked for one repository.
 * @example formatScope("a/b", "pull", "push") === "repository:a/b:pull,push"
 */
export function formatScope(
  repository: string,
  ...actions: readonly ("pull" | "push" | "delete")[]
): string {
  return `repository:${repository}:${actions.join(",")}`;
}
