#!/bin/sh
# Build florilegium/export/vendor/jpeg.wasm from libjpeg-turbo's sources and reader.c, the same bytes each time.
#
#     tools/jpeg/build.sh libjpeg-turbo_3.1.3.orig.tar.gz OUT.wasm
#
# Needs Debian's clang-19, lld-19, libclang-rt-19-dev-wasm32 and wasi-libc. The sources are those of the Debian source
# package libjpeg-turbo 1:3.1.3-4; their checksum is below. Nothing is fetched here.
set -eu
sources=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)
echo "3a13a5ba767dc8264bc40b185e41368a80d5d5f945944d1dbaa4b2fb0099f4e5  $sources" | sha256sum --check --quiet
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
tar -xf "$sources" -C "$work" --strip-components=1
cat > "$work/src/jconfig.h" <<'H'
#define JPEG_LIB_VERSION 62
#define LIBJPEG_TURBO_VERSION 3.1.3
#define LIBJPEG_TURBO_VERSION_NUMBER 3001003
#define D_ARITH_CODING_SUPPORTED 1
#define MEM_SRCDST_SUPPORTED 1
#ifndef BITS_IN_JSAMPLE
#define BITS_IN_JSAMPLE 8
#endif
H
cat > "$work/src/jconfigint.h" <<'H'
#define BUILD "florilegium"
#define HIDDEN __attribute__((visibility("hidden")))
#define INLINE inline __attribute__((always_inline))
#define THREAD_LOCAL
#define PACKAGE_NAME "libjpeg-turbo"
#define VERSION "3.1.3"
#define SIZEOF_SIZE_T 4
#define HAVE_BUILTIN_CTZL 1
#define FALLTHROUGH __attribute__((fallthrough));
#ifndef BITS_IN_JSAMPLE
#define BITS_IN_JSAMPLE 8
#endif
#undef D_ARITH_CODING_SUPPORTED
#if BITS_IN_JSAMPLE == 8
#define D_ARITH_CODING_SUPPORTED 1
#endif
H
cp "$work/src/jversion.h.in" "$work/src/jversion.h"
cp "$here/reader.c" "$work/src/"
cd "$work/src"
# Decoding of 8 bits only: what else libjpeg-turbo would call (12 and 16 bits, lossless, colour maps) becomes a trap.
clang-19 --target=wasm32-wasi --sysroot=/usr -mexec-model=reactor -O3 -flto -msimd128 -DNO_GETENV -DNDEBUG -w \
    -I. -isystem /usr/include/wasm32-wasi -ffile-prefix-map="$work"=. \
    -fuse-ld=/usr/bin/wasm-ld-19 -nostartfiles -L/usr/lib/wasm32-wasi \
    -Wl,--no-entry -Wl,--strip-all -Wl,--gc-sections -Wl,--unresolved-symbols=ignore-all \
    -Wl,-z,stack-size=131072 -Wl,--lto-O3 \
    reader.c jaricom.c jcomapi.c jdapimin.c jdarith.c jdhuff.c jdinput.c jdmarker.c jdmaster.c jdphuff.c jmemmgr.c \
    jmemnobs.c jpeg_nbits.c wrapper/jdapistd-8.c wrapper/jdcoefct-8.c wrapper/jdcolor-8.c wrapper/jddctmgr-8.c \
    wrapper/jdmainct-8.c wrapper/jdmerge-8.c wrapper/jdpostct-8.c wrapper/jdsample-8.c wrapper/jidctint-8.c \
    wrapper/jidctred-8.c wrapper/jutils-8.c \
    -o "$work/jpeg.wasm"
mv "$work/jpeg.wasm" "$out"
