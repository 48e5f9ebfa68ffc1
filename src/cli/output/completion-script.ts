// SPDX-License-Identifier: MIT

/** The script that makes a shell call `oci-kit __complete` to complete the word under the cursor. */
export function completionScript(shell: "bash" | "zsh" | "fish"): string {
  return SCRIPTS[shell];
}

// Bash splits words at colons, so the script removes everything up to the word's last colon from each completion.
const BASH = `# oci-kit completion for bash
_oci_kit() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line="\${COMP_LINE:0:COMP_POINT}"
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current="\${words[\${#words[@]}-1]}"
  local IFS=$'\\n'
  COMPREPLY=($(oci-kit __complete -- "\${words[@]:1}" 2>/dev/null))
  if [[ $COMP_WORDBREAKS == *:* && $current == *:* ]]; then
    local before="\${current%"\${current##*:}"}"
    COMPREPLY=("\${COMPREPLY[@]#"$before"}")
  fi
}
complete -o default -F _oci_kit oci-kit
`;

// The function has the name of the file from which zsh loads it. Otherwise the first Tab would only define it.
const ZSH = `#compdef oci-kit
# oci-kit completion for zsh
_oci-kit() {
  local -a found
  found=("\${(@f)$(oci-kit __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=(\${found:#})
  if (( \${#found} )); then compadd -Q -- "\${found[@]}"; else _files; fi
}
if [ "$funcstack[1]" = "_oci-kit" ]; then _oci-kit "$@"; else compdef _oci-kit oci-kit; fi
`;

const FISH = `# oci-kit completion for fish
function __oci_kit_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (oci-kit __complete -- $words[2..-1] 2>/dev/null)
  if set -q found[1]
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c oci-kit -f -a '(__oci_kit_complete)'
`;

const SCRIPTS = Object.freeze({ bash: BASH, zsh: ZSH, fish: FISH });
