/** Plain numbers, which `assembly/` reads too. */

/**
 * Longer limits of texts are cut here. Texts of a thousand columns would otherwise make the footer larger than the data of a
 * small file (48 bytes kept the footer of an archive hour near 200 KB).
 */
export const LIMIT_BYTES = 48;
