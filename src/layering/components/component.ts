// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";

/** Files that change together. Equal ones are one object, so that it can be the key of a map. */
export interface Component {
  /** A package, what is compiled of a package, a declared component, or a directory. */
  readonly name: string;
  /**
   * What its package was built from: packages of one source change together, so those that are too small for a layer of
   * their own share one. Undefined for what is no package.
   */
  readonly source: string | undefined;
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
  const known = new Map<string, Component>();
  const give = (key: string, name: string, source: string | undefined): Component => {
    const found = known.get(key) ?? { name, source };
    known.set(key, found);
    return found;
  };
  return {
    ofPackage(path, name, source) {
      const part = isCompiled(path) ? " (compiled)" : "";
      return give(`package ${name}${part}`, toText(name) + part, toText(source) + part);
    },
    named: (name) => give(`named ${name}`, name, undefined),
  };
}
