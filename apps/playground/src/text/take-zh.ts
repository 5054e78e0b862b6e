// 带走模型的页面所说的，简体中文。
import type { Said } from './table.ts'
import type { takeEn } from './take-en.ts'

export const takeZh: Said<typeof takeEn> = {
  about: '把上面选定的模型留下来或送给别人，从此不再需要本页。',
  title: '名称',
  defaultTitle: '我的分类器',
  weights: '权重',
  float32: 'float32：{{size}} MB',
  float16: 'float16：{{size}} MB',
  int8: 'int8：{{size}} MB',
  same: '{{weights}}，答案与这里相同',
  making: '正在制作 {{name}}……',
  made: '{{name}}：{{size}} MB。',
  page: '独立的网页',
  pageAbout:
    '含三个文件的 zip。解压后双击 index.html 或放到任何服务器上即可打开，能识别图片和摄像头画面，不需要网络。',
  savePage: '保存网页（.zip）',
  size: '权重约 {{size}} MB，另有脚本约半 MB。',
  tooLarge: '这样的权重太大，放不进网页：请在上面选小一些的。',
  file: '模型文件',
  fileAbout:
    '权重、类别名称和图片的预处理都在一个 safetensors 文件里：本页、命令行和程序都能打开。',
  saveFile: '保存文件',
  code: '在程序里',
  codeAbout: '先运行 npm install @alexnet/model @tensorflow/tfjs，并把文件放在程序旁边。',
  forNode: '在 Node 里',
  forPage: '在网页里：main.js，旁边要有 <input type="file"> 和 <pre>',
  copy: '复制',
  copyThis: '复制：{{title}}',
  copied: '已复制。',
  data: '图片',
  dataAbout_other:
    '你自己的 {{count}} 张图片，按类别文件夹放在 zip 里：可以在训练页面重新载入，也可以用命令行在其上训练。',
}
