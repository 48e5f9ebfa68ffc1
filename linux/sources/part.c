// SPDX-License-Identifier: MIT
// One part of the family, in place of the large ones: it says which it is.
#include <stdio.h>

const char *family_part(void) { return PART; }

#ifdef PROGRAM
int main(void) {
  puts(family_part());
  return 0;
}
#endif
