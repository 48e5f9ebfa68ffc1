// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";

/** Files that change together. Equal ones are one object, so that it can be the key of a map. */
export interface Component {
  /** A package, what is compiled of a package, a declared component, or a directory. */
  readonly name: string;
  /** What people know it by: of what is compiled of a package, the package. */
  readonly label: string;
  /**
   * What its package was built from: packages of one source change together, so those that are too small for a layer of
   * their own share one. Undefined for what is no package.
   */
  readonly source: string | undefined;
  /** The other part of its package: the rest of what is compiled, and the other way round. */
  readonly beside?: Pick<Component, "name" | "source"> | undefined;
}

const EXTENSION = /\.(?:so|a|o|node|ko)(?:\.[^/]*)?$/;
const PROGRAM = /\/(?:s?bin|libexec)\/[^/]+$/;
/** A name without a dot below `lib` is a program or its data: `/usr/lib/git-core/git`, `/usr/lib/jvm/x/lib/modules`. */
const IN_LIBRARY = /^(?:\/usr(?:\/local)?)?\/lib(?:32|64|x32)?\/(?:.*\/)?[^/.]+$/;

/**
 * Whether a file of a package is one that a compiler wrote, by its path alone. An update compiles all of a package anew
 * and edits few of its other files: of libruby3.3 one changed 13 MB of 13 that are compiled, and 2 of 18 that are not.
 */
function isCompiled(path: ByteString): boolean {
  return EXTENSION.test(path) || PROGRAM.test(path) || IN_LIBRARY.test(path);
}

/** Gives components by what they are made of, each always as the same object. */
export interface ComponentMaker {
  /** Of a package, one is what is compiled, another the rest. */
  ofPackage(path: ByteString, name: ByteString, source: ByteString): Component;
  named(name: string): Component;
}

export function createComponentMaker(): ComponentMaker {
  const packages = new Map<ByteString, readonly [compiled: Component, rest: Component]>();
  const others = new Map<string, Component>();
  return {
    ofPackage(path, name, source) {
      const parts = packages.get(name) ?? partsOf(toText(name), toText(source));
      packages.set(name, parts);
      return parts[isCompiled(path) ? 0 : 1];
    },
    named(name) {
      const component = others.get(name) ?? { name, label: name, source: undefined };
      others.set(name, component);
      return component;
    },
  };
}

function partsOf(name: string, source: string): readonly [compiled: Component, rest: Component] {
  const compiled = { name: `${name} (compiled)`, label: name, source: `${source} (compiled)` };
  const rest = { name, label: name, source };
  return [
    { ...compiled, beside: rest },
    { ...rest, beside: compiled },
  ];
}
