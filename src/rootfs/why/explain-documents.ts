// SPDX-License-Identifier: MIT
import type { ReasonCode, Reasons } from "./reason.ts";

/** Which fields are no reason of their own, since they follow from what is compared elsewhere. */
export type IsDerived = (field: string) => boolean;

/**
 * Adds why two JSON documents that were read and checked before have different bytes: fields that differ, keys in
 * another order, or the same value written in another way. Adds nothing for equal bytes.
 */
export function explainDocuments(
  one: Uint8Array,
  other: Uint8Array,
  reasons: Reasons,
  isDerived: IsDerived = () => false,
): void {
  const [first, second] = [decodeJson(one), decodeJson(other)];
  let differs = false;
  for (const difference of differingFields(first, second, "")) {
    differs = true;
    if (isDerived(difference.field)) continue;
    reasons.add(codeOf(difference.field), difference);
  }
  if (differs || Buffer.compare(one, other) === 0) return;
  // JSON.stringify keeps the order of the keys.
  const isSameOrder = JSON.stringify(first) === JSON.stringify(second);
  reasons.add(isSameOrder ? "spelling" : "key-order");
}

function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

interface FieldDifference {
  readonly field: string;
  readonly one: string | undefined;
  readonly other: string | undefined;
}

type Json = Readonly<Record<string, unknown>> | readonly unknown[];

function* differingFields(one: unknown, other: unknown, field: string): Generator<FieldDifference> {
  if (isNested(one) && isNested(other) && Array.isArray(one) === Array.isArray(other)) {
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    for (const key of keys) {
      yield* differingFields(at(one, key), at(other, key), field === "" ? key : `${field}.${key}`);
    }
    return;
  }
  const [here, there] = [JSON.stringify(one), JSON.stringify(other)];
  if (here !== there) yield { field, one: here, other: there };
}

function isNested(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

function at(value: Json, key: string): unknown {
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

function codeOf(field: string): ReasonCode {
  if (field === "created") return "created";
  if (field.startsWith("history")) return "history";
  return /(^|\.)annotations(\.|$)/.test(field) ? "annotation" : "field";
}
