// SPDX-License-Identifier: MIT
import type { TargetOptions } from "../image/by-reference/with-reference.ts";
import type { Location } from "../image/location.ts";
import { KNOWN_HABITS } from "../registry/habits/known-habits.ts";
import { habitsOf, type RegistryHabits } from "../registry/habits/registry-habits.ts";

/** What is known of the registry that is written to; undefined where it is none. */
export function habitsAt(
  location: Location,
  { registry }: TargetOptions,
): RegistryHabits | undefined {
  if (location.kind !== "registry") return undefined;
  const given = registry?.habits ?? [];
  const own = typeof given === "function" ? given() : given;
  return habitsOf(location.reference.registry, [...own, ...KNOWN_HABITS]);
}
