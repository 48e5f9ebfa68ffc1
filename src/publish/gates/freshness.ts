// SPDX-License-Identifier: MIT
import type { CurrentInput } from "../../assemble/inputs/current-inputs.ts";
import { escapeText } from "../../bytes/byte-string.ts";
import { quote } from "../../oci/quote.ts";
import { type ChildFacts, type GateFinding, nameOf, reasonOf } from "./gate.ts";

/**
 * Freshness: every image was assembled from what its inputs are now. An input that is no longer there is no newer
 * one. Of images that record no inputs nothing can be asked.
 */
export function findStale(children: readonly ChildFacts[]): GateFinding[] {
  return children.flatMap((child) => {
    const { origin, inputsNow } = child;
    if (inputsNow === undefined || origin.inputs.size === 0) return [];
    const named = new Set(inputsNow.map(({ name }) => name));
    const unknown = [...origin.inputs.keys()].filter((name) => !named.has(name));
    return [
      ...inputsNow.flatMap((input) => judge(child, input)),
      ...unknown.map((input): GateFinding => {
        const message = `${nameOf(child)} was assembled from an input ${quote(input)}, which the configuration does not have`;
        return { gate: "stale-input", child: nameOf(child), input, message };
      }),
    ];
  });
}

function judge(child: ChildFacts, input: CurrentInput): GateFinding[] {
  const name = nameOf(child);
  const what = `its input ${escapeText(input.name)} (${escapeText(input.reference)})`;
  const concerned = { child: name, input: input.name };
  if (input.state === "unreadable") {
    const message = `whether ${name} is made of what ${what} is now can't be told: ${reasonOf(input.error)}`;
    return [{ gate: "unreadable-input", ...concerned, message }];
  }
  if (input.state === "absent") return [];
  const used = child.origin.inputs.get(input.name)?.digest;
  if (used === input.digest) return [];
  const then = used === undefined ? "without it" : `from ${escapeText(used)}`;
  const message = `${name} was assembled ${then}, and ${what} is ${input.digest} now`;
  return [{ gate: "stale-input", ...concerned, message }];
}
