/** Sound and vibration, only after the person has touched the page: browsers and good manners ask for it. */
let audio: AudioContext | undefined;

/** Must be called from a tap. Plays the chime once, so that one knows what to listen for. */
export function allowSound(): void {
  audio ??= new AudioContext();
  void audio.resume().then(chime);
}

export function silence(): void {
  void audio?.close();
  audio = undefined;
}

export function attract(): void {
  chime();
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([200, 100, 200, 100, 400]);
}

export function chime(): void {
  if (audio?.state !== "running") return;
  tone(audio, 659, 0);
  tone(audio, 523, 0.35);
}

function tone(context: AudioContext, hertz: number, delay: number): void {
  const start = context.currentTime + delay;
  const volume = new GainNode(context, { gain: 0 });
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(0.25, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 1.2);
  const voice = new OscillatorNode(context, { frequency: hertz });
  voice.connect(volume).connect(context.destination);
  voice.start(start);
  voice.stop(start + 1.3);
}
