// What a classifier that was taken away says, in the languages of the playground: whoever opens it may speak another one than
// whoever made it.

const en = {
  loading: 'Loading the model …',
  choose: 'Choose a picture',
  camera: 'Camera',
  closeCamera: 'Close camera',
  drop: 'or drop one anywhere here, or paste one',
  given: 'The picture',
  live: 'Live picture of the camera',
  answer: 'What it is found to be',
  noPicture: 'What was given is no picture file: give a JPEG, PNG or WebP picture.',
  noCamera:
    'The camera could not be opened: allow it for this page, or choose pictures from files.',
  noModel:
    'model.js is not beside this page: unpack the whole zip file, and open index.html there.',
  foot: 'Everything is computed on this device; no picture leaves it. Made with AlexNet for TypeScript.',
}

const zh: typeof en = {
  loading: '正在载入模型……',
  choose: '选择图片',
  camera: '摄像头',
  closeCamera: '关闭摄像头',
  drop: '或把图片拖到这里，也可以粘贴',
  given: '图片',
  live: '摄像头实时画面',
  answer: '识别结果',
  noPicture: '这不是图片文件：请给出 JPEG、PNG 或 WebP 图片。',
  noCamera: '无法打开摄像头：请允许本页使用摄像头，或从文件选择图片。',
  noModel: 'model.js 不在本页旁边：请解压整个 zip，再打开其中的 index.html。',
  foot: '一切都在本设备上计算，图片不会离开设备。由 AlexNet for TypeScript 制作。',
}

/** The texts of the first of these languages that there is, else the English ones. */
export function textsFor(preferred: readonly string[]): { lang: string; texts: typeof en } {
  const first = preferred
    .map((tag) => tag.toLowerCase().split('-')[0])
    .find((tag) => tag === 'zh' || tag === 'en')
  return first === 'zh' ? { lang: 'zh-Hans', texts: zh } : { lang: 'en', texts: en }
}
