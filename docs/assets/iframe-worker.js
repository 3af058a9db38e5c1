// Search in pages that are opened from disk: browsers start no Worker from a file. This stand-in
// runs the script of the search in a hidden frame and passes messages to and from it.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.ready = new Promise((resolve) => { this.frame.onload = resolve; });
      window.addEventListener("message", ({ source, data }) => {
        if (source !== this.frame.contentWindow) return;
        const event = new MessageEvent("message", { data });
        this.dispatchEvent(event);
        if (this.onmessage) this.onmessage(event);
      });
      this.frame.srcdoc = `<script>
        window.importScripts = (...urls) => Promise.all(urls.map((url) => new Promise((resolve) => {
          const script = document.createElement("script");
          Object.assign(script, { src: url, onload: resolve });
          document.body.append(script);
        })));
        window.postMessage = (message) => parent.postMessage(message, "*");
      <\/script><script src="${new URL(url, location)}"><\/script>`;
      document.body.append(this.frame);
    }

    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(
        new MessageEvent("message", { data, source: window })));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
