// SPDX-License-Identifier: MIT
import { join, relative, sep } from "node:path";
import { isOciError } from "../../oci/errors.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { architectureTag, checkIndexTag } from "../../publish/tag-names.ts";
import type { GraphChoice } from "./built-in-variables.ts";
import type { ChainDeclaration, ChainProblem, LayoutPlaces } from "./declaration.ts";
import { makeUnits, TemplateError } from "./make-units.ts";
import { orderStages, stagesOf } from "./order-stages.ts";
import type { StageUnit } from "./stage-graph.ts";
import { layoutOf } from "./unit-layout.ts";

/**
 * Finds two images that would have one tag, one layout or one name: within a graph, and between the graphs of
 * all variants and build platforms, where the later build would silently take the other's place.
 */
export function checkTags(declaration: ChainDeclaration): readonly ChainProblem[] {
  const problems: ChainProblem[] = [];
  const owners = new Map<string, string>();
  for (const choice of choicesOf(declaration)) {
    let units: readonly StageUnit[];
    try {
      units = unitsOf(declaration, choice);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return [{ path: ["stages", error.stage, ...error.keys], message: error.message }];
    }
    problems.push(...checkUnits(declaration, units), ...checkLayouts(declaration, units));
    problems.push(...checkOwners(owners, units, choice, declaration));
    if (problems.length > 0) return problems;
  }
  return problems;
}

/** The plain graph on the usual build platform first. */
function choicesOf({ variants, buildPlatforms }: ChainDeclaration): readonly GraphChoice[] {
  return [undefined, ...Object.keys(variants)].flatMap((variant) =>
    (buildPlatforms.length === 0 ? [undefined] : buildPlatforms).map((buildPlatform) => ({
      variant,
      buildPlatform,
    })),
  );
}

function unitsOf(declaration: ChainDeclaration, choice: GraphChoice): readonly StageUnit[] {
  const order = orderStages(stagesOf(declaration, choice.variant));
  return "circle" in order ? [] : makeUnits(declaration, order.stages, choice);
}

function checkUnits(
  declaration: ChainDeclaration,
  units: readonly StageUnit[],
): readonly ChainProblem[] {
  const problems: ChainProblem[] = [];
  const seen = {
    id: new Map<string, string>(),
    tag: new Map<string, string>(),
  };
  for (const unit of units) {
    const other = seen.id.get(unit.id);
    seen.id.set(unit.id, unit.stage);
    if (other !== undefined) {
      const message = `${unit.id} is an image of ${other} and of ${unit.stage}`;
      problems.push({ path: ["stages", unit.stage], message });
    }
    for (const tag of tagsOf(unit, units)) {
      const other = seen.tag.get(tag);
      if (other === undefined) seen.tag.set(tag, unit.id);
      else
        problems.push({
          path: ["stages", unit.stage, "tag"],
          message: `${other} and ${unit.id} have one tag, ${tag}`,
        });
    }
    problems.push(...checkIndex(declaration, unit));
  }
  return problems;
}

/**
 * Finds layouts that are one directory, however it is written, and those inside another: a layout is replaced as a whole,
 * with all that is in it.
 */
function checkLayouts(
  declaration: ChainDeclaration,
  units: readonly StageUnit[],
): readonly ChainProblem[] {
  const problems: ChainProblem[] = [];
  const places = placesOf(declaration);
  const seen: { readonly unit: StageUnit; readonly place: string }[] = [];
  for (const unit of units) {
    const place = layoutOf(unit, places);
    const [text, path] = [layoutText(unit, places), ["stages", unit.stage, "layout"]];
    if (place === places.directory || isInside(places.directory, place)) {
      const message = `${text} has the project itself in it: a layout is replaced as a whole`;
      problems.push({ path, message });
    }
    for (const other of seen) {
      const { stage } = other.unit;
      if (other.place === place) {
        problems.push({ path, message: `${text} is the layout of ${stage} and of ${unit.stage}` });
      } else if (isInside(place, other.place) || isInside(other.place, place)) {
        const message = `${text} and ${layoutText(other.unit, places)}, the layout of ${stage}, lie in one another: each is replaced as a whole`;
        problems.push({ path, message });
      }
    }
    seen.push({ unit, place });
  }
  return problems;
}

function isInside(path: string, directory: string): boolean {
  return path.startsWith(directory.endsWith(sep) ? directory : `${directory}${sep}`);
}

const DEFAULT_LAYOUTS = "out/chain/layouts";

function placesOf({ places }: ChainDeclaration): LayoutPlaces {
  return places ?? { directory: process.cwd(), layouts: join(process.cwd(), DEFAULT_LAYOUTS) };
}

/** As it is written, or else where it is from the project. */
function layoutText(unit: StageUnit, places: LayoutPlaces): string {
  return unit.layout ?? relative(places.directory, layoutOf(unit, places));
}

/** All tags that a unit sets. An index sets those of its images too, which may be their own. */
function tagsOf(unit: StageUnit, units: readonly StageUnit[]): readonly string[] {
  if (unit.kind !== "index") return [unit.tag];
  const own = new Set(
    units.filter(({ id }) => unit.inputs.some((input) => input.unit === id)).map(({ tag }) => tag),
  );
  const ofImages = units
    .filter(({ id }) => unit.inputs.some((input) => input.unit === id))
    .map(({ platform }) => architectureTag(unit.tag, platform));
  return [unit.tag, ...unit.aliases, ...ofImages.filter((tag) => !own.has(tag))];
}

function checkIndex({ architectures }: ChainDeclaration, unit: StageUnit): readonly ChainProblem[] {
  if (unit.kind !== "index") return [];
  try {
    checkIndexTag(unit.tag, architectures.map(parsePlatform));
    return [];
  } catch (error) {
    if (!isOciError(error)) throw error;
    return [{ path: ["stages", unit.stage, "tag"], message: error.message }];
  }
}

/**
 * Remembers who has each tag and each layout, as what it is made of; and complains where another one has it already. A
 * layout is of one machine: another build platform has its own.
 */
function checkOwners(
  owners: Map<string, string>,
  units: readonly StageUnit[],
  { variant, buildPlatform }: GraphChoice,
  declaration: ChainDeclaration,
): readonly ChainProblem[] {
  const problems: ChainProblem[] = [];
  const run = variant === undefined ? `built on ${buildPlatform!}` : `of the variant ${variant}`;
  for (const unit of units) {
    const owner = ancestryOf(unit, units);
    const isOther = (key: string): boolean => {
      const known = owners.get(key);
      if (known === undefined) owners.set(key, owner);
      return known !== undefined && known !== owner;
    };
    if (isOther(`tag ${unit.tag}`)) {
      const message = `${unit.tag} is the tag of ${unit.id} ${run} too, which would take the place of another: a template needs \${VARIANT_SUFFIX}, \${BUILD_ARCH}, \${HOST_SUFFIX} or \${HOST_MARK}`;
      problems.push({ path: ["stages", unit.stage, "tag"], message });
    }
    const layout = layoutOf(unit, placesOf(declaration));
    if (isOther(`layout ${buildPlatform ?? ""} ${layout}`)) {
      const message = `${layoutText(unit, placesOf(declaration))} is the layout of ${unit.id} ${run} too, which would take the place of another: a template needs \${VARIANT_SUFFIX}`;
      problems.push({ path: ["stages", unit.stage, "layout"], message });
    }
  }
  return problems;
}

/** What a unit is made of, down to the build platform: two units that agree in it may share a tag. */
function ancestryOf(unit: StageUnit, units: readonly StageUnit[]): string {
  const inputs = unit.inputs.map(({ name, unit: id }) => {
    const input = units.find((one) => one.id === id);
    return input === undefined ? id : `${name}=${ancestryOf(input, units)}`;
  });
  const { os, architecture, variant = "" } = unit.runsOn;
  return `${unit.id}@${os}/${architecture}/${variant}(${inputs.join(",")})`;
}
