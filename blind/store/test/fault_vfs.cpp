#include "fault_vfs.hpp"

#include <cstring>
#include <new>

namespace store::testing {
namespace {

/// The real file lies right behind this in SQLite's memory.
struct File : sqlite3_file {
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* real(sqlite3_file* file) {
  return static_cast<File*>(file)->real();
}
const sqlite3_io_methods* of(sqlite3_file* file) {
  return real(file)->pMethods;
}

int close_file(sqlite3_file* f) {
  return of(f)->xClose(real(f));
}
int read(sqlite3_file* f, void* to, int bytes, sqlite3_int64 at) {
  return of(f)->xRead(real(f), to, bytes, at);
}
int write(sqlite3_file* f, const void* from, int bytes, sqlite3_int64 at) {
  const int fault = FaultVfs::instance().change();
  return fault != SQLITE_OK ? fault : of(f)->xWrite(real(f), from, bytes, at);
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
  const int fault = FaultVfs::instance().change();
  return fault != SQLITE_OK ? fault : of(f)->xTruncate(real(f), size);
}
int sync(sqlite3_file* f, int flags) {
  const int fault = FaultVfs::instance().change();
  return fault != SQLITE_OK ? fault : of(f)->xSync(real(f), flags);
}
int file_size(sqlite3_file* f, sqlite3_int64* size) {
  return of(f)->xFileSize(real(f), size);
}
int lock(sqlite3_file* f, int kind) {
  return of(f)->xLock(real(f), kind);
}
int unlock(sqlite3_file* f, int kind) {
  return of(f)->xUnlock(real(f), kind);
}
int check_lock(sqlite3_file* f, int* held) {
  return of(f)->xCheckReservedLock(real(f), held);
}
int control(sqlite3_file* f, int what, void* argument) {
  return of(f)->xFileControl(real(f), what, argument);
}
int sector_size(sqlite3_file* f) {
  return of(f)->xSectorSize(real(f));
}
int characteristics(sqlite3_file* f) {
  return of(f)->xDeviceCharacteristics(real(f));
}
int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** at) {
  return of(f)->xShmMap(real(f), page, size, extend, at);
}
int shm_lock(sqlite3_file* f, int offset, int count, int flags) {
  return of(f)->xShmLock(real(f), offset, count, flags);
}
void shm_barrier(sqlite3_file* f) {
  of(f)->xShmBarrier(real(f));
}
int shm_unmap(sqlite3_file* f, int erase) {
  return of(f)->xShmUnmap(real(f), erase);
}

const sqlite3_io_methods methods{
    2,         close_file, read,    write,       truncate,        sync,    file_size, lock,
    unlock,    check_lock, control, sector_size, characteristics, shm_map, shm_lock,  shm_barrier,
    shm_unmap, nullptr,    nullptr};

sqlite3_vfs* system_vfs = nullptr;

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
  File* wrapped = ::new (file) File{};
  const int code = system_vfs->xOpen(system_vfs, name, wrapped->real(), flags, out);
  wrapped->pMethods = wrapped->real()->pMethods == nullptr ? nullptr : &methods;
  return code;
}

}  // namespace

FaultVfs::FaultVfs() {
  system_vfs = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs faulty;
  faulty = *system_vfs;
  faulty.zName = name;
  faulty.szOsFile = static_cast<int>(sizeof(File)) + system_vfs->szOsFile;
  faulty.xOpen = open_file;
  sqlite3_vfs_register(&faulty, 0);
}

FaultVfs& FaultVfs::instance() {
  static FaultVfs vfs;
  return vfs;
}

void FaultVfs::fail_from(std::uint64_t nth, int code) {
  left_ = nth;
  code_ = code;
  has_failed_ = false;
}

int FaultVfs::change() {
  if (left_ == 0) return SQLITE_OK;
  if (left_ > 1) {
    left_ -= 1;
    return SQLITE_OK;
  }
  has_failed_ = true;
  return code_;
}

}  // namespace store::testing
