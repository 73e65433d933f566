/* Decode one JPEG to RGB as Pillow does, inside WebAssembly. Built by build.sh, called by picture.js.
 *
 * A page that reads photos with the browser's own decoder gets other pixels than Python: no decoding at a half, a
 * quarter or an eighth, and another colour conversion. This is the same library with the same settings as Pillow's
 * JpegDecode.c, so both see the same picture, level by level (tests/test_export_static_pixels.py).
 *
 * One instance reads one photo and is thrown away: whatever hostile bytes do, they do it to memory nobody uses again.
 * Nothing here reads a file, a clock or the network; the one import, `fail`, throws in JavaScript and so never returns.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>
#include <jerror.h>

#define EXPORT(name) __attribute__((export_name(#name)))

enum failure { TRUNCATED = 1, BROKEN = 2, NO_MEMORY = 3, FOREIGN = 4 };

__attribute__((import_module("host"), import_name("fail"))) _Noreturn void fail(int code);

static struct jpeg_decompress_struct picture;
static struct jpeg_error_mgr errors;
static struct jpeg_source_mgr source;

static _Noreturn void on_error(j_common_ptr any) {
  (void)any;
  fail(errors.msg_code == JERR_OUT_OF_MEMORY ? NO_MEMORY : BROKEN);
}

/* Pillow reads on after a warning, and so do we. */
static void on_message(j_common_ptr any, int level) { (void)any; (void)level; }
static void on_output(j_common_ptr any) { (void)any; }
static void on_reset(j_common_ptr any) { (void)any; }
static void on_source(j_decompress_ptr any) { (void)any; }

/* Once the last row is there, Pillow forgives what is missing behind it. */
static boolean on_end(j_decompress_ptr any) {
  if (any->output_height == 0 || any->output_scanline < any->output_height) fail(TRUNCATED);
  return FALSE;
}

static void on_skip(j_decompress_ptr any, long n) {
  if (n <= 0) return;
  if ((size_t)n > source.bytes_in_buffer) {
    on_end(any);
    n = (long)source.bytes_in_buffer;
  }
  source.next_input_byte += n;
  source.bytes_in_buffer -= (size_t)n;
}

/* Give room for the file's bytes. */
EXPORT(take) uint8_t *take(size_t n) {
  uint8_t *room = malloc(n);
  if (room == NULL) fail(NO_MEMORY);
  return room;
}

/* Read the header of `n` bytes. */
EXPORT(open) void open_picture(const uint8_t *bytes, size_t n) {
  errors.error_exit = on_error;
  errors.emit_message = on_message;
  errors.output_message = on_output;
  errors.reset_error_mgr = on_reset;
  picture.err = &errors;
  jpeg_create_decompress(&picture);
  source.next_input_byte = bytes;
  source.bytes_in_buffer = n;
  source.init_source = on_source;
  source.fill_input_buffer = on_end;
  source.skip_input_data = on_skip;
  source.resync_to_restart = jpeg_resync_to_restart;
  source.term_source = on_source;
  picture.src = &source;
  jpeg_read_header(&picture, TRUE);
  if (picture.data_precision != 8 || picture.num_components == 2 || picture.num_components > 4) fail(FOREIGN);
}

EXPORT(width) unsigned width(void) { return picture.image_width; }
EXPORT(height) unsigned height(void) { return picture.image_height; }
EXPORT(width_out) unsigned width_out(void) { return picture.output_width; }
EXPORT(height_out) unsigned height_out(void) { return picture.output_height; }

/* a * b / 255, rounded: Pillow's MULDIV255. */
static unsigned scaled(unsigned a, unsigned b) {
  unsigned product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

/* Turn one row of CMYK, inverted as Adobe stores it, into RGB: Pillow's "CMYK;I" and cmyk2rgb. */
static void rgb_of_cmyk(const uint8_t *row, uint8_t *out, unsigned n) {
  for (unsigned i = 0; i < n; i++, row += 4, out += 3)
    for (int c = 0; c < 3; c++) out[c] = (uint8_t)(row[3] - scaled(255u - row[c], row[3]));
}

/* Decode at 1 / `reduction` (1, 2, 4, 8) of the size; give width_out * height_out * 3 bytes. */
EXPORT(decode) uint8_t *decode(unsigned reduction) {
  int four = picture.num_components == 4;
  picture.out_color_space = four ? JCS_CMYK : JCS_RGB;
  picture.scale_num = 1;
  picture.scale_denom = reduction;
  jpeg_start_decompress(&picture);
  size_t stride = (size_t)picture.output_width * 3;
  uint8_t *pixels = take(stride * picture.output_height);
  uint8_t *wide = four ? take((size_t)picture.output_width * 4) : NULL;
  while (picture.output_scanline < picture.output_height) {
    uint8_t *row = pixels + stride * picture.output_scanline;
    uint8_t *target = four ? wide : row;
    jpeg_read_scanlines(&picture, &target, 1);
    if (four) rgb_of_cmyk(wide, row, picture.output_width);
  }
  jpeg_finish_decompress(&picture); /* reads to the end of the file, as Pillow does: it may be broken there */
  return pixels;
}
