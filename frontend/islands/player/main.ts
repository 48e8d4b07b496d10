import "./player.css";

const root = document.querySelector<HTMLElement>("[data-island=player]");
if (root !== null) {
  import("./start")
    .then(({ start }) => start(root))
    .catch((error: unknown) => {
      console.error(error);
      const words = document.createElement("p");
      words.className = "player-failed";
      words.setAttribute("role", "status");
      words.textContent = "The player could not be loaded. Your progress is kept. Check your connection and reload the page.";
      root.querySelector("[data-player-stage]")?.append(words);
    });
}
