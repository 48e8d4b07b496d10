/** The order of a collection as its page shows it, and where an arrow key takes a thing. */
export interface PartOrder {
  module: string;
  videos: string[];
}

/** The order that stands in the page now. */
export function shown(root: ParentNode): PartOrder[] {
  return [...root.querySelectorAll<HTMLElement>("[data-part]")].map((part) => ({
    module: part.dataset.part ?? "",
    videos: [...part.querySelectorAll<HTMLElement>("[data-clip]")].map((clip) => clip.dataset.clip ?? ""),
  }));
}

export function same(one: PartOrder[], other: PartOrder[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Which way a key moves a thing; null for any other key. */
export function direction(key: string): "up" | "down" | null {
  return key === "ArrowUp" ? "up" : key === "ArrowDown" ? "down" : null;
}
