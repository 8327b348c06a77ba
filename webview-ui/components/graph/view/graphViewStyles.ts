import { css } from 'lit';

export const graphViewStyles = css`
  :host {
    display: block;
    position: relative;
    width: 100%;
    height: 100%;
    overflow: hidden;
  }
  canvas {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    touch-action: none;
    cursor: grab;
    outline: none;
  }
  canvas:focus-visible {
    outline: 2px solid var(--vscode-focusBorder);
    outline-offset: -2px;
  }
  canvas.on-box {
    cursor: pointer;
  }
  .waiting {
    position: absolute;
    left: 50%;
    top: 40%;
    translate: -50%;
    color: var(--vscode-descriptionForeground);
  }
  cw-mini-map {
    position: absolute;
    right: 12px;
    bottom: 12px;
  }
`;
