// SPDX-License-Identifier: MIT
import * as z from "zod/mini";
import { respellKeys } from "./fold-key.ts";

// Shapes of JSON as Go reads it, since most of these documents are made for programs in Go: a field that is
// null or absent has the zero value of its type, also inside lists and maps, and keys may be in upper or
// lower case. The message of an issue says only what was expected. Each list and each map of text is one
// check, so that a hostile one with a million wrong members makes one issue and not a million.

export function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Null is absent. */
export function optional<T extends z.core.SomeType>(schema: T) {
  return orElse(schema, undefined);
}

/** Null and absent are `zero`. */
export function orElse<T extends z.core.SomeType, Z>(schema: T, zero: Z) {
  return z.pipe(
    z.nullish(schema),
    z.transform((value: z.output<T> | null | undefined) => value ?? zero),
  );
}

/** Null and absent are the empty text. */
export const zeroText = orElse(z.string("a string"), "");

/** Null and absent are the empty list. */
export function list<T extends z.core.SomeType>(schema: T) {
  return orElse(z.array(schema, "an array"), []);
}

/** An object with these keys, in upper or lower case. Unknown keys stay. */
export function object<T extends z.core.$ZodLooseShape>(shape: T) {
  const known = Object.keys(shape);
  return z.pipe(
    z.transform((value, { issues }) => {
      if (!isObject(value)) return value;
      const { object, ambiguous } = respellKeys(value, known);
      if (ambiguous === undefined) return object;
      const message = `one key that readers take for "${ambiguous}"`;
      issues.push({ code: "custom", message, input: value });
      return z.NEVER;
    }),
    z.looseObject(shape, "an object"),
  );
}

/** Text; null is absent. */
export const text = optional(z.string("a string"));
/** A whole number; null is absent. */
export const integer = optional(z.int("an integer"));
/** True or false; null is absent. */
export const flag = optional(z.boolean("true or false"));
/** A list of text. */
export const texts = optional(
  z.pipe(
    z.custom<readonly (string | null)[]>(
      (value) => Array.isArray(value) && value.every((member) => member === null || isText(member)),
      "an array of strings",
    ),
    z.transform((value): readonly string[] => value.map((member) => member ?? "")),
  ),
);
/** A map of text. */
export const textMap = optional(mapOf<string>(isText, "", "an object of strings"));
/** A map of objects. */
export const objectMap = optional(mapOf<object>(isObject, {}, "an object of objects"));

/** A map whose members have one shape. A member that is null gets the zero value. */
function mapOf<T>(isMember: (value: unknown) => boolean, zero: T, expected: string) {
  return z.pipe(
    z.custom<Readonly<Record<string, T | null>>>(
      (value) =>
        isObject(value) &&
        Object.values(value).every((member) => member === null || isMember(member)),
      expected,
    ),
    z.transform((value): Readonly<Record<string, T>> => {
      if (!Object.values(value).includes(null)) return value as Readonly<Record<string, T>>;
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, each ?? zero]));
    }),
  );
}
