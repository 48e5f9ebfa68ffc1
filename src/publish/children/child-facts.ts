// SPDX-License-Identifier: MIT
import type { InputOptions } from "../../assemble/assemble-options.ts";
import { readCurrentInputs } from "../../assemble/inputs/current-inputs.ts";
import type { Recipe } from "../../assemble/recipe/recipe.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { escapeText } from "../../bytes/byte-string.ts";
import { isSamePlatform } from "../../image/find-image.ts";
import type { Limits } from "../../oci/limits.ts";
import type { ContentStore } from "../../store/store.ts";
import type { ChildFacts, GateFinding } from "../gates/gate.ts";
import type { Child } from "./index-child.ts";
import { type ProvenanceKeys, readOrigin } from "../records/origin.ts";
import type { VerifyBeforeOptions } from "../unfit-images.ts";
import { verifyChildren } from "../verify-gate.ts";

/** A check of what an image contains, asked of every image before anything is tagged. */
export interface ContentPolicy {
  readonly name: string;
  /** @returns why the image may not be published, one line each; throws when that can't be found out */
  readonly check: (child: Child, options: AbortOptions) => Promise<readonly string[]>;
}

/** What the gates are told beside the images. */
export interface FactOptions {
  /** Where provenance is kept. Default: the keys of `AnnotationKey`. */
  readonly keys?: ProvenanceKeys | undefined;
  /** The recipes of the images, by whose inputs they are judged as fresh or stale. Default: that is not asked. */
  readonly recipes?: readonly Recipe[] | undefined;
  /** How to reach those inputs. */
  readonly inputs?: InputOptions | undefined;
  /** Checks of the images' contents. */
  readonly policies?: readonly ContentPolicy[] | undefined;
  /** How images are looked into before anything is sent. Without it they are not. */
  readonly verify?: VerifyBeforeOptions | undefined;
}

/** What the gates need to know about the images of an index, with what their inputs are now. */
export async function readFacts(
  children: readonly Child[],
  { keys, recipes = [], inputs }: FactOptions,
): Promise<ChildFacts[]> {
  const facts: ChildFacts[] = [];
  for (const child of children) {
    const recipe = recipes.find(({ platform }) => isSamePlatform(platform, child.platform));
    const origin = readOrigin(child.image, keys);
    // What records no inputs was not assembled here, and is not asked about them.
    const isAsked = recipe !== undefined && origin.inputs.size > 0;
    const inputsNow = isAsked ? await readCurrentInputs(recipe, inputs) : undefined;
    const { name, platform, claims, image, descriptor } = child;
    const config = image.config.value.config ?? {};
    facts.push({ name, platform, claims, digest: descriptor.digest, origin, config, inputsNow });
  }
  return facts;
}

/** What the policies are asked of. */
interface PolicyOptions extends FactOptions, AbortOptions {
  /** Where the images go. What it has already is not looked into by `verify`. */
  readonly target?: ContentStore | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Looks into the images, and asks every policy of every image.
 * @throws what looking and a policy throw: what can't be told does not pass
 */
export async function policyFindings(
  children: readonly Child[],
  { policies = [], verify, target, signal, limits }: PolicyOptions,
): Promise<readonly GateFinding[]> {
  const findings: GateFinding[] =
    verify === undefined
      ? []
      : [...(await verifyChildren(children, target, { signal, limits, ...verify }))];
  for (const { name, check } of policies) {
    for (const child of children) {
      for (const reason of await check(child, { signal })) {
        const of = escapeText(child.name);
        const message = `${of}: ${escapeText(name)}: ${escapeText(reason)}`;
        findings.push({ gate: "content-policy", policy: name, child: of, message });
      }
    }
  }
  return findings;
}
