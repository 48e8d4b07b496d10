export interface Size {
  width: number;
  height: number;
}

/** The size of a picture that somebody chose, in pixels; null when this browser cannot read it. */
export async function pictureSize(file: File): Promise<Size | null> {
  const address = URL.createObjectURL(file);
  try {
    return await sizeAt(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The size of the picture at an address; null when it cannot be fetched or read. */
export async function sizeAt(address: string): Promise<Size | null> {
  const picture = new Image();
  picture.src = address;
  try {
    await picture.decode();
    return { width: picture.naturalWidth, height: picture.naturalHeight };
  } catch {
    return null;
  }
}
