// SPDX-License-Identifier: MIT
import { formatPlatform } from "../../../oci/platform.ts";
import type { AbortOptions } from "../../../bytes/bytes.ts";
import type { Builder } from "../../buildkit/builders/builder.ts";
import { type BuilderChoice, chooseBuilder } from "../../buildkit/builders/builder-choice.ts";
import { findBuilder } from "../../buildkit/builders/find-builder.ts";
import { provePlatform } from "../../buildkit/platforms/prove-platform.ts";
import type { StageGraph, StageUnit } from "../../graph/stage-graph.ts";

/** The builders of a run. Each is looked for once, and proved once for each platform that is not the build platform. */
export interface Builders {
  /** @throws OciError `unsupported-operation` when none answers */
  find(unit: StageUnit): Promise<Builder>;
  /** @throws OciError `unsupported-operation` when it can't run programs of the unit's platform, with what to type */
  prove(unit: StageUnit): Promise<void>;
}

export interface BuildersOptions extends AbortOptions {
  readonly builders: BuilderChoice;
  readonly contexts: string;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

export function openBuilders(
  { buildPlatform }: StageGraph,
  { builders, contexts, env, signal }: BuildersOptions,
): Builders {
  const found = new Map<string | undefined, Promise<Builder>>();
  const proved = new Map<string, Promise<void>>();
  const find = ({ runsOn }: StageUnit): Promise<Builder> => {
    const name = chooseBuilder(builders, runsOn);
    const finding = found.get(name) ?? findBuilder({ name, env, signal });
    found.set(name, finding);
    return finding;
  };
  return {
    find,
    prove(unit) {
      const platform = formatPlatform(unit.runsOn);
      if (platform === formatPlatform(buildPlatform)) return Promise.resolve();
      const proving =
        proved.get(platform) ??
        find(unit).then((builder) => provePlatform(builder, unit.runsOn, { contexts, signal }));
      proved.set(platform, proving);
      return proving;
    },
  };
}
