// SPDX-License-Identifier: MIT
import type { LinkExpectation } from "../verify/verify-links.ts";
import type { Configuration } from "./configuration.ts";
import { createExpander } from "./expand-variables.ts";

/**
 * The links that the image of one architecture must have, and where each must end.
 * @throws OciError `invalid-argument`, `invalid-recipe`
 */
export function expectedLinks(
  configuration: Configuration,
  architecture: string,
): readonly LinkExpectation[] {
  const expander = createExpander(configuration, architecture);
  return (configuration.document.links ?? []).flatMap((link, at) => {
    const path = ["links", at];
    if (!expander.applies(link.arch, path)) return [];
    return {
      path: expander.expand(link.path, [...path, "path"]),
      target: expander.expand(link.target, [...path, "target"]),
    };
  });
}
